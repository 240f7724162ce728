//! tmp
use std::ops::ControlFlow;
use vhd_analyser_core::analysis::{Options, analyse};
use vhd_analyser_tests::analysed::{NOW, fixed_copy};
use vhd_analyser_tests::corpus::{cases, unpacked};
#[test]
fn dump() {
    let deep = std::env::var_os("DEEP").is_some();
    let mut list: Vec<(String, Vec<u8>, String)> =
        cases().unwrap().into_iter().map(|(n, c)| (n, c.image().unwrap(), c.target.clone())).collect();
    for n in ["ext2.vhd", "fat-differential.vhd"] {
        list.push((n.into(), unpacked(&format!("real/{n}.gz")).unwrap(), n.into()));
    }
    for (name, image, target) in list {
        if let Some(f) = std::env::var_os("ONLY") {
            if !name.contains(f.to_str().unwrap()) {
                continue;
            }
        }
        let options = Options { now: NOW, fresh_unique_id: [9; 16], deep };
        let a = analyse(&image.as_slice(), &target, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        let ids: Vec<_> = a.findings.iter().map(|f| format!("{}{}", &f.severity().to_string()[..1], f.id())).collect();
        let after = a.plan().map(|p| {
            if let Some(dir) = std::env::var_os("OUT") {
                std::fs::write(std::path::Path::new(&dir).join(format!("{name}.vhd")), fixed_copy(&image, p)).unwrap();
            }
            (&p.steps, &p.loses, &p.assumes)
        });
        println!("{name} | {:?} | {} | {after:?}", a.verdict(), ids.join(" "));
    }
}
