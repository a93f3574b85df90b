//! What may hold rows of a person and cannot be erased yet.

use std::collections::{BTreeMap, HashSet};

use super::versions::Version;
use super::warehouse::Object;
use super::{Erasure, Error, shortfall};

impl Erasure {
    /// Names the landing objects that are not loaded whole and have the person's values in them. Of
    /// an object whose bytes are gone nobody can tell, so it is named as well.
    pub(super) async fn name_what_is_under_way(
        &mut self,
        landing: &BTreeMap<String, Vec<Version>>,
        known: &HashSet<(String, String)>,
        objects: &BTreeMap<String, Object>,
    ) -> Result<(), Error> {
        for version in landing.values().flatten().filter(|version| !version.is_marker) {
            let object = objects.get(&self.address(&version.key));
            let is_known = known.contains(&(version.key.clone(), version.etag.clone()));
            let is_loaded = is_known && object.is_none_or(|object| object.is_whole);
            if !is_loaded && object.is_none_or(|object| !object.is_concerned) {
                self.name_if_concerned(version).await?;
            }
        }
        for (address, object) in objects {
            let is_gone = !landing.contains_key(&object.key);
            if is_gone && !object.is_whole && !object.is_concerned {
                self.report
                    .leave(address, format!("{}, and its lines are gone", shortfall(object)));
            }
        }
        Ok(())
    }

    async fn name_if_concerned(&mut self, version: &Version) -> Result<(), Error> {
        let Some(content) = self.bucket.read(version).await? else { return Ok(()) };
        match self.subject.is_in_object(&content) {
            Ok(false) => {}
            Ok(true) => {
                let reason = "it has such a line, and is not loaded yet";
                self.report.leave(self.address(&version.key), reason);
            }
            Err(error) => {
                let reason = format!("it is not loaded and cannot be read: {error}");
                self.report.leave(self.address(&version.key), reason);
            }
        }
        Ok(())
    }
}
