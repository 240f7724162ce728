//! The modules of a program or library, read from its sources: what each declares, imports and mentions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMacro, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// Why the sources could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{file}` could not be read: {source}")]
    File { file: PathBuf, source: io::Error },
    #[error("`{file}` is no Rust that this can read: {source}")]
    Syntax { file: PathBuf, source: syn::Error },
}

/// The segments of a path, as in `["crate", "image", "open"]`.
pub type Segments = Vec<String>;

/// A module, in a file of its own or inside another's.
#[derive(Debug, Default)]
pub struct Module {
    /// The file that it stands in.
    pub file: PathBuf,
    /// Its path from the root of its crate; empty for the root.
    pub path: Segments,
    /// The modules in it.
    children: BTreeMap<String, usize>,
    /// What it declares itself.
    items: BTreeSet<String>,
    /// What it imports, by the name that it has here.
    names: BTreeMap<String, Segments>,
    /// What it imports all of.
    globs: Vec<Segments>,
    /// The imports that are its own use of something, and not only handed on.
    imports: Vec<Segments>,
    /// Paths that stand in its code.
    mentions: Vec<Segments>,
}

/// A crate's modules; the first is its root.
#[derive(Debug)]
pub struct Modules(Vec<Module>);

/// One file imports something of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The importing module and its file.
    pub from: (Segments, PathBuf),
    /// The module that declares what is imported, and its file.
    pub to: (Segments, PathBuf),
    /// What is imported, as in `crate::image::open`.
    pub name: String,
}

impl Modules {
    /// Reads a crate from its root file on. What is compiled for tests only is left out.
    ///
    /// # Errors
    ///
    /// [`ReadError`] names the file that is not there or is no Rust.
    pub fn read(root: &Path) -> Result<Self, ReadError> {
        let mut modules = Self(Vec::new());
        let folder = root.parent().unwrap_or(root).to_owned();
        modules.read_file(root.to_owned(), folder, Vec::new())?;
        Ok(modules)
    }

    fn read_file(&mut self, file: PathBuf, folder: PathBuf, path: Segments) -> Result<usize, ReadError> {
        let text = fs::read_to_string(&file).map_err(|source| ReadError::File { file: file.clone(), source })?;
        let syntax = syn::parse_file(&text).map_err(|source| ReadError::Syntax { file: file.clone(), source })?;
        self.read_items(&syntax.items, file, folder, path)
    }

    fn read_items(
        &mut self,
        items: &[Item],
        file: PathBuf,
        folder: PathBuf,
        path: Segments,
    ) -> Result<usize, ReadError> {
        let mut reading = Reading { module: Module { file, path, ..Module::default() }, inner: Vec::new() };
        for item in items {
            reading.visit_item(item);
        }
        let Reading { module, inner } = reading;
        let (file, path) = (module.file.clone(), module.path.clone());
        let at = self.0.len();
        self.0.push(module);
        for child in inner {
            let name = child.ident.to_string();
            let path = [&path[..], std::slice::from_ref(&name)].concat();
            let folder = folder.join(&name);
            let read = match &child.content {
                Some((_, items)) => self.read_items(items, file.clone(), folder, path)?,
                None => {
                    let beside = folder.with_extension("rs");
                    let file = if beside.exists() { beside } else { folder.join("mod.rs") };
                    self.read_file(file, folder, path)?
                }
            };
            self.0[at].children.insert(name, read);
        }
        Ok(at)
    }

    /// What is imported from file to file, each pair with one example.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = BTreeMap::new();
        for (at, module) in self.0.iter().enumerate() {
            for path in module.imports.iter().chain(&module.mentions) {
                let Some(target) = self.resolve(at, path, 0) else { continue };
                let target = &self.0[target];
                if target.file != module.file {
                    edges.entry((module.file.clone(), target.file.clone())).or_insert_with(|| Edge {
                        from: (module.path.clone(), module.file.clone()),
                        to: (target.path.clone(), target.file.clone()),
                        name: path.join("::"),
                    });
                }
            }
        }
        edges.into_values().collect()
    }

    /// What modules mention of another crate, as paths that begin with the crate's name.
    pub fn external(&self, name: &str) -> Vec<(&Path, &Segments)> {
        let paths = self
            .0
            .iter()
            .flat_map(|module| module.imports.iter().chain(&module.mentions).map(|path| (module.file.as_path(), path)));
        paths.filter(|(_, path)| path.first().is_some_and(|first| first == name)).collect()
    }

    /// The module that declares what a path of a module leads to, through whatever hands it on.
    fn resolve(&self, at: usize, path: &[String], depth: usize) -> Option<usize> {
        // Two modules may import all of each other.
        const DEEPEST: usize = 32;
        let (first, rest) = path.split_first()?;
        if depth > DEEPEST {
            return None;
        }
        match first.as_str() {
            "crate" => self.resolve_in(0, rest, depth),
            "self" => self.resolve_in(at, rest, depth),
            "super" => {
                let above = self.0[at].path.split_last().map_or(&[][..], |(_, above)| above);
                let above = self.0.iter().position(|module| module.path == above)?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.resolve(above, rest, depth + 1),
                    _ => self.resolve_in(above, rest, depth),
                }
            }
            _ => self.resolve_in(at, path, depth),
        }
    }

    fn resolve_in(&self, at: usize, path: &[String], depth: usize) -> Option<usize> {
        let module = &self.0[at];
        let (first, rest) = path.split_first()?;
        if let Some(&child) = module.children.get(first) {
            return if rest.is_empty() { None } else { self.resolve_in(child, rest, depth) };
        }
        if module.items.contains(first) {
            return Some(at);
        }
        if let Some(alias) = module.names.get(first) {
            // `use serde::Serialize` begins with a crate and not with the name itself.
            if alias.first() != Some(first) || alias.len() > 1 {
                return self.resolve(at, &[&alias[..], rest].concat(), depth + 1);
            }
            return None;
        }
        module.globs.iter().find_map(|glob| self.resolve(at, &[&glob[..], path].concat(), depth + 1))
    }
}

/// What is found while the items of one module are walked over.
struct Reading {
    module: Module,
    inner: Vec<ItemMod>,
}

impl Reading {
    fn import(&mut self, tree: &UseTree, before: &[String], is_handed_on: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (name, path) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), is_handed_on),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, before, is_handed_on));
            }
            UseTree::Glob(_) => return self.module.globs.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                (before.last().cloned().unwrap_or_default(), before.to_vec())
            }
            UseTree::Name(name) => (name.ident.to_string(), with(&name.ident)),
            UseTree::Rename(rename) => (rename.rename.to_string(), with(&rename.ident)),
        };
        if !is_handed_on {
            self.module.imports.push(path.clone());
        }
        self.module.names.insert(name, path);
    }
}

/// Whether something is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

impl<'a> Visit<'a> for Reading {
    fn visit_item(&mut self, item: &'a Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            Item::Mod(item) => (&item.attrs, None),
            Item::Impl(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        self.module.items.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.inner.push(module.clone());
    }

    fn visit_item_use(&mut self, import: &'a ItemUse) {
        // What is only handed on is used by who takes it from here.
        let is_handed_on = !matches!(import.vis, Visibility::Inherited);
        self.import(&import.tree, &[], is_handed_on);
    }

    fn visit_item_macro(&mut self, item: &'a ItemMacro) {
        // `rules! { pub static …; }` declares what its tokens name.
        let tokens: Vec<_> = words(item.mac.tokens.clone());
        for pair in tokens.windows(2).filter(|pair| ["static", "fn", "struct", "enum", "const"].contains(&&*pair[0])) {
            self.module.items.insert(pair[1].clone());
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.module.mentions.push(segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'a Macro) {
        let words = words(called.tokens.clone());
        let mut path: Segments = Vec::new();
        let mut is_open = false;
        for word in words {
            if word == "::" {
                is_open = !path.is_empty();
            } else if is_open {
                path.push(word);
                is_open = false;
            } else {
                self.module.mentions.push(std::mem::take(&mut path));
                path.push(word);
            }
        }
        self.module.mentions.push(path);
        visit::visit_macro(self, called);
    }
}

/// The words of a macro's tokens, and `::` between them; anything else is a gap.
fn words(tokens: proc_macro2::TokenStream) -> Segments {
    let mut words = Vec::new();
    let mut colons = 0;
    for token in tokens {
        let is_colon = matches!(&token, proc_macro2::TokenTree::Punct(sign) if sign.as_char() == ':');
        colons = if is_colon { colons + 1 } else { 0 };
        match token {
            proc_macro2::TokenTree::Ident(word) => words.push(word.to_string()),
            proc_macro2::TokenTree::Group(group) => words.extend(self::words(group.stream())),
            _ if colons == 2 => words.push("::".to_owned()),
            _ => {}
        }
    }
    words
}
