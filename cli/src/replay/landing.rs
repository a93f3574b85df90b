//! Landing objects to the transform: as a notification, never as a copy, whose time of arrival
//! would be another.

use aws_config::Region;

use super::{Error, Session, Tally, notification, queue};
use crate::objects::S3Uri;

impl Session {
    /// Announces every landing object below `uri` to the transform.
    pub(super) async fn landing(&self, uri: &S3Uri, function: &str) -> Result<Tally, Error> {
        let lambda = aws_sdk_lambda::Client::new(&self.sdk);
        let region = self.sdk.region().map(Region::as_ref).unwrap_or_default();
        let mut tally = Tally::default();
        for uri in self.named(uri).await? {
            let found = self.objects.head(&uri).await?;
            let head = found.ok_or_else(|| Error::Nothing(uri.clone()))?;
            if !self.dry_run {
                let event = notification::created(&head, region);
                queue::invoke(&lambda, function, &event.to_string(), &uri.to_string()).await?;
            }
            println!("{} {uri}", self.verb());
            tally.sent += 1;
        }
        Ok(tally)
    }
}
