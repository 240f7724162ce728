// The programs in the page that is one file: text, of which each character holds seven bits, which are an lzip file.
//
// What every browser unpacks by itself is gzip, of which the page would be a fifth larger. The format is described in
// https://www.nongnu.org/lzip/manual/lzip_manual.html, its compression in the specification of LZMA. A library for it
// would be twenty times the size of what is needed here, which is to unpack one file of a known length.

let unpacked;

// The bytes of one of the parts.
function unpackPart({ from, to }) {
  return unpacked.subarray(from, to);
}

// The styles and the page's script come at once. A browser runs the script because the page's policy knows its hash.
function unpackPage() {
  const { textContent, dataset } = document.getElementById("packed");
  unpacked = unlzip(readText(textContent, dataset.bytes));
  const text = (from, to) => new TextDecoder().decode(unpacked.subarray(from, to));
  const styles = new CSSStyleSheet();
  styles.replaceSync(text(0, dataset.styles));
  document.adoptedStyleSheets = [styles];
  const script = document.createElement("script");
  script.textContent = text(dataset.styles, dataset.script);
  document.head.append(script);
}

// Four characters cannot stand in a page as they are: each is part of the one after it, which is beyond ASCII then.
function readText(text, length) {
  const bytes = new Uint8Array(length);
  let [at, held, bits] = [0, 0, 0];
  const take = (seven) => {
    held = ((held << 7) | seven) & 0x7fff;
    bits += 7;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
    }
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 128) {
      take([0, 10, 13, 60][(code >> 7) - 1]);
    }
    take(code & 127);
  }
  return bytes;
}

function unlzip(file) {
  const trailer = new DataView(file.buffer, file.length - 20);
  const output = new Uint8Array(trailer.getUint32(4, true));
  decodeLzma(file.subarray(6), output);
  if (crc32(output) !== trailer.getInt32(0, true)) {
    throw new Error("this file is damaged: get it once more");
  }
  return output;
}

function decodeLzma(input, output) {
  let at = 0;
  let next = 5;
  let range = -1 >>> 0;
  let code = new DataView(input.buffer, input.byteOffset).getUint32(1);
  let state = 0;
  let distances = [0, 0, 0, 0];

  // How likely a zero is, in each context.
  const models = (count) => new Uint16Array(count).fill(1024);
  const lengths = () => ({ choice: models(2), low: models(32), middle: models(32), high: models(256) });
  const isMatch = models(48);
  const isRepeated = models(12);
  const isOlder = [models(12), models(12), models(12)];
  const isLong = models(48);
  const literals = models(8 * 0x300);
  const slots = models(256);
  const near = models(115);
  const aligned = models(16);
  const matched = lengths();
  const repeated = lengths();

  const refill = () => {
    if (range < 0x1000000) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | input[next++]) >>> 0;
    }
  };
  const bit = (models, i) => {
    const bound = (range >>> 11) * models[i];
    const one = code >= bound;
    if (one) {
      range -= bound;
      code -= bound;
      models[i] -= models[i] >> 5;
    } else {
      range = bound;
      models[i] += (2048 - models[i]) >> 5;
    }
    refill();
    return +one;
  };
  const evenBits = (count) => {
    let value = 0;
    while (count-- > 0) {
      range >>>= 1;
      const one = code >= range;
      code -= one ? range : 0;
      value = (value << 1) | one;
      refill();
    }
    return value;
  };
  const tree = (models, bits, offset = 0) => {
    let symbol = 1;
    for (let i = 0; i < bits; i++) {
      symbol = (symbol << 1) | bit(models, offset + symbol);
    }
    return symbol - (1 << bits);
  };
  const reversedTree = (models, bits, offset = 0) => {
    let [symbol, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const one = bit(models, offset + symbol);
      symbol = (symbol << 1) | one;
      value |= one << i;
    }
    return value;
  };
  const length = ({ choice, low, middle, high }, position) => {
    if (!bit(choice, 0)) {
      return 2 + tree(low, 3, position * 8);
    }
    return bit(choice, 1) ? 18 + tree(high, 8) : 10 + tree(middle, 3, position * 8);
  };
  const distance = (length) => {
    const slot = tree(slots, 6, Math.min(length - 2, 3) * 64);
    if (slot < 4) {
      return slot;
    }
    const bits = (slot >> 1) - 1;
    const start = (2 | (slot & 1)) << bits;
    if (slot < 14) {
      return start + reversedTree(near, bits, start - slot);
    }
    return start + (evenBits(bits - 4) << 4) + reversedTree(aligned, 4);
  };
  const literal = () => {
    const offset = ((output[at - 1] ?? 0) >> 5) * 0x300;
    let symbol = 1;
    if (state > 6) {
      const match = output[at - distances[0] - 1];
      for (let i = 7; i >= 0; i--) {
        const expected = (match >> i) & 1;
        const found = bit(literals, offset + symbol + (expected << 8) + 0x100);
        symbol = (symbol << 1) | found;
        if (found !== expected) {
          break;
        }
      }
    }
    while (symbol < 0x100) {
      symbol = (symbol << 1) | bit(literals, offset + symbol);
    }
    output[at++] = symbol;
    state = state < 4 ? 0 : state - (state < 10 ? 3 : 6);
  };
  const copy = (count) => {
    for (const end = at + count; at < end; at++) {
      output[at] = output[at - distances[0] - 1];
    }
  };

  while (at < output.length) {
    const position = at & 3;
    const context = state * 4 + position;
    if (!bit(isMatch, context)) {
      literal();
    } else if (!bit(isRepeated, state)) {
      const count = length(matched, position);
      distances = [distance(count), ...distances.slice(0, 3)];
      state = state < 7 ? 7 : 10;
      copy(count);
    } else {
      let age = 0;
      while (age < 3 && bit(isOlder[age], state)) {
        age++;
      }
      if (age === 0 && !bit(isLong, context)) {
        state = state < 7 ? 9 : 11;
        copy(1);
      } else {
        distances.unshift(...distances.splice(age, 1));
        const count = length(repeated, position);
        state = state < 7 ? 8 : 11;
        copy(count);
      }
    }
  }
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) {
      crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
    }
  }
  return ~crc;
}

try {
  unpackPage();
} catch (error) {
  // The page says why it cannot be started.
  self.wasm_bindgen = () => Promise.reject(error);
}
