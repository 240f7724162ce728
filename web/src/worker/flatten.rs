//! The image of a whole chain, in the worker: a `Blob` that is a description of the files, so that it needs no memory.

use std::ops::ControlFlow;

use js_sys::wasm_bindgen::JsValue;
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis;
use vhd_analyser_core::convert::{ChainSource, Format, Identity, ImageWriter, Layer, Piece};
use web_sys::Blob;

use crate::protocol::blob::{slice, zeros};
use crate::protocol::failure::Failure;
use crate::protocol::{Progress, Unit};
use crate::worker::blob_source::BlobSource;
use crate::worker::context::{every_now_and_then, options};
use crate::worker::named_file::NamedFile;

/// So many pieces are put together at a time: few enough for one list, many enough for few lists.
const AT_ONCE: u32 = 4096;

/// Puts the image of a chain together, the last child first, and makes sure that it is sound.
///
/// # Errors
/// Where a disk is damaged, or they are no chain, or a file cannot be read.
pub fn flatten(files: &[NamedFile], format: Format, on_progress: impl Fn(Progress)) -> Result<Blob, Failure> {
    let options = options(false);
    let mut disks = Vec::with_capacity(files.len());
    for NamedFile { path, file } in files {
        let source = BlobSource::new(file.clone())?;
        let analysis = analysis::analyse(&source, path, &options, &mut |_| ControlFlow::Continue(()))?;
        disks.push((Layer::of(&analysis)?, source));
    }
    let chain = ChainSource::new(disks)?;
    let identity = Identity { made: options.now, random: options.fresh_unique_id };
    let flat = ImageWriter::plan(&chain, format, identity, &mut every_now_and_then(&on_progress))?;
    let image = composed(files, &chain, &flat, &on_progress)?;
    if format != Format::Raw {
        let source = BlobSource::new(image.clone())?;
        let proof = analysis::analyse(&source, "", &options, &mut |_| ControlFlow::Continue(()))?;
        if proof.verdict() != Verdict::Sound {
            return Err(Failure::Crashed("the image would not be sound".into()));
        }
    }
    Ok(image)
}

fn composed(
    files: &[NamedFile],
    chain: &ChainSource<BlobSource>,
    flat: &ImageWriter,
    on_progress: &impl Fn(Progress),
) -> Result<Blob, Failure> {
    let mut pieces = Pieces::default();
    let mut exception = None;
    let (mut done, total) = (0, flat.length());
    flat.write(chain, &mut |piece| {
        on_progress(Progress { stage: "image".into(), done, total, unit: Unit::Bytes });
        done += piece.length();
        let added = blob(files, piece).and_then(|blob| pieces.add(&blob));
        match added {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                exception = Some(error);
                ControlFlow::Break(())
            }
        }
    })
    .or_else(|error| if exception.is_some() { Ok(()) } else { Err(Failure::from(error)) })?;
    let composed = exception.map_or_else(|| pieces.finish(), Err);
    composed.map_err(|exception| Failure::NotFlattened(format!("the browser refused ({exception:?})")))
}

fn blob(files: &[NamedFile], piece: Piece) -> Result<Blob, JsValue> {
    match piece {
        Piece::Bytes(bytes) => Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes.as_slice()))),
        Piece::Zeros(length) => zeros(length),
        Piece::Source { layer, offset, length } => {
            slice(&files.get(layer).ok_or("a disk that is not there")?.file, offset, length)
        }
    }
}

/// Pieces of an image, many of them file_set into one again and again.
#[derive(Default)]
struct Pieces {
    whole: Array,
    last: Array,
}

impl Pieces {
    fn add(&mut self, piece: &Blob) -> Result<(), JsValue> {
        self.last.push(piece);
        if self.last.length() == AT_ONCE {
            self.whole.push(&Blob::new_with_blob_sequence(&self.last)?.into());
            self.last = Array::new();
        }
        Ok(())
    }

    fn finish(self) -> Result<Blob, JsValue> {
        Blob::new_with_blob_sequence(&self.whole.concat(&self.last))
    }
}
