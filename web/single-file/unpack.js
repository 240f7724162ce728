// The programs in the page that is one file: base64 of a gzip file, which the browser unpacks itself.

const unpacked = unpackPage();

// The bytes of one of the parts.
async function unpackPart({ from, to }) {
  return (await unpacked).subarray(from, to);
}

// The styles and the page's script come at once. A browser runs the script because the page's policy knows its hash.
async function unpackPage() {
  const { textContent, dataset } = document.getElementById("packed");
  const packed = Uint8Array.from(atob(textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = (from, to) => new TextDecoder().decode(bytes.subarray(from, to));
  const styles = new CSSStyleSheet();
  styles.replaceSync(text(0, dataset.styles));
  document.adoptedStyleSheets = [styles];
  const script = document.createElement("script");
  script.textContent = text(dataset.styles, dataset.script);
  document.head.append(script);
  return bytes;
}
