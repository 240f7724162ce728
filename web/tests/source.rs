//! A browser's `File` as the core's source, in a worker of a real browser.

#![cfg(target_arch = "wasm32")]

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Promise, Uint8Array};
use vhd_analyser_core::report::{RepairReport, Segment};
use vhd_analyser_core::source::{Read, Source};
use vhd_analyser_web::browser::compose::compose;
use vhd_analyser_web::protocol::failure::ReadError;
use vhd_analyser_web::worker::blob_source::BlobSource;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    Blob, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions,
    FileSystemWritableFileStream, WorkerGlobalScope,
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn blob(bytes: &[u8]) -> Blob {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes))).unwrap()
}

fn source(bytes: &[u8]) -> BlobSource {
    BlobSource::new(blob(bytes)).unwrap()
}

fn read(source: &BlobSource, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
    let mut buffer = vec![0; length];
    source.read(&mut [Read { offset, buffer: &mut buffer }])?;
    Ok(buffer)
}

#[wasm_bindgen_test]
fn scattered_ranges_are_gathered_in_one_read() {
    let bytes: Vec<u8> = (0..=255).collect();
    let source = source(&bytes);
    let (mut end, mut start, mut overlap, mut nothing) = ([0; 16], [0; 1], [0; 32], [0; 0]);
    source
        .read(&mut [
            Read { offset: 240, buffer: &mut end },
            Read { offset: 0, buffer: &mut start },
            Read { offset: 230, buffer: &mut overlap[..20] },
            Read { offset: 256, buffer: &mut nothing },
        ])
        .unwrap();
    assert_eq!(source.length(), 256);
    assert_eq!(end[..], bytes[240..]);
    assert_eq!(start, [0]);
    assert_eq!(overlap[..20], bytes[230..250]);
    assert_eq!(overlap[20..], [0; 12]);
}

#[wasm_bindgen_test]
fn what_is_read_ahead_is_what_is_there() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at / 256 * 7 + at) as u8).collect();
    for length in [0, 1, 511, 512, 4096, 4097, 65_536, 65_537, 70_000, 200_000] {
        let bytes = &bytes[..length];
        let ahead = BlobSource::ahead(blob(bytes)).unwrap();
        for offset in [0, 1, 512, 4096, 65_535, 65_536, length.saturating_sub(4096), length.saturating_sub(512)] {
            for count in [0, 1, 512, 5000, 66_000] {
                let expected = read(&source(bytes), offset as u64, count);
                assert_eq!(read(&ahead, offset as u64, count), expected, "{count} at {offset} of {length}");
            }
        }
    }
}

#[wasm_bindgen_test]
fn ranges_behind_the_end_are_errors() {
    let source = source(&[1, 2, 3, 4]);
    for (offset, length) in [(3, 2), (4, 1), (u64::MAX, 1), (u64::MAX - 1, 2)] {
        let error = ReadError::OutOfRange { offset, length: length as u64 };
        assert_eq!(read(&source, offset, length), Err(error));
    }
    assert_eq!(read(&source, 2, 2), Ok(vec![3, 4]));
}

#[wasm_bindgen_test]
fn an_empty_file_is_no_error() {
    assert_eq!(source(&[]).length(), 0);
}

/// More than a page could hold in memory, and no round number.
const ZEROS: u64 = (10 << 30) + 7;

#[wasm_bindgen_test]
fn a_copy_is_composed_of_pieces_and_new_bytes() {
    let original = blob(&[0, 1, 2, 3, 4, 5, 6, 7]);
    let repair = RepairReport {
        title: String::new(),
        lossless: true,
        loses: vec![],
        assumes: vec![],
        evidence: Vec::new(),
        new_size: 8 + ZEROS,
        cut: None,
        patches: vec![],
        replaced: vec![],
        segments: vec![
            Segment::Source { offset: 0, length: 2 },
            Segment::Bytes(vec![90, 91]),
            Segment::Source { offset: 5, length: 3 },
            Segment::Zeros(ZEROS),
            Segment::Bytes(vec![92]),
        ],
    };
    let copy = BlobSource::new(compose(&original, &repair).unwrap()).unwrap();
    assert_eq!(copy.length(), repair.new_size);
    assert_eq!(read(&copy, 0, 8), Ok(vec![0, 1, 90, 91, 5, 6, 7, 0]));
    assert_eq!(read(&copy, ZEROS - 1, 9), Ok(vec![0, 0, 0, 0, 0, 0, 0, 0, 92]));
}

#[wasm_bindgen_test]
async fn a_file_that_is_removed_is_refused() {
    let folder = folder().await;
    let file = write(&folder, "removed.vhd", &[7; 1024]).await;
    let source = BlobSource::new(file.into()).unwrap();
    assert_eq!(read(&source, 512, 1), Ok(vec![7]));

    wait::<JsValue>(folder.remove_entry("removed.vhd")).await;
    assert!(matches!(read(&source, 512, 1), Err(ReadError::Refused(_))));
}

#[wasm_bindgen_test]
async fn a_file_that_is_changed_is_refused() {
    let folder = folder().await;
    let file = write(&folder, "changed.vhd", &[7; 1024]).await;
    let source = BlobSource::new(file.into()).unwrap();
    write(&folder, "changed.vhd", &[8; 512]).await;
    assert_eq!(read(&source, 0, 1), Err(ReadError::Refused("NotReadableError".into())));
}

async fn wait<T: JsCast>(promise: Promise) -> T {
    JsFuture::from(promise).await.unwrap().unchecked_into()
}

async fn folder() -> FileSystemDirectoryHandle {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    wait(scope.navigator().storage().get_directory()).await
}

async fn write(folder: &FileSystemDirectoryHandle, name: &str, bytes: &[u8]) -> File {
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    let handle: FileSystemFileHandle = wait(folder.get_file_handle_with_options(name, &options)).await;
    let stream: FileSystemWritableFileStream = wait(handle.create_writable()).await;
    wait::<JsValue>(stream.write_with_u8_array(bytes).unwrap()).await;
    wait::<JsValue>(stream.close()).await;
    wait(handle.get_file()).await
}
