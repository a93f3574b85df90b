//! Signing in: what is sent, and what happens when it is refused.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::SdkConfig;
use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use serde_json::json;
use snowflake::{Client, Deadline, Error, Rows, Statement};
use support::{Answer, Server};

const KEY: &str = include_str!("fixtures/test_key.pem");
const ROTATED_KEY: &str = include_str!("fixtures/rotated_key.pem");

fn one_row() -> Answer {
    Answer::rows("01b0-7a", &["N"], json!([["1"]]))
}

fn refused(code: &str) -> Answer {
    Answer::json(401, json!({"code": code, "message": "no"}))
}

async fn run(client: &Client) -> Result<Rows, Error> {
    let deadline = Deadline::after(Duration::from_secs(20));
    client.execute(&Statement::new("test", "select 1", "tag"), deadline).await
}

/// A secret in a file of its own.
struct SecretFile(PathBuf);

impl SecretFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("snowline-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The way to AWS, were it at this address.
fn aws_at(url: &str) -> SdkConfig {
    let mut config = aws::config(|_| None)
        .unwrap()
        .to_builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()));
    config.set_endpoint_url(Some(url.to_owned()));
    config.build()
}

fn identity(token: &str) -> Answer {
    Answer::text(
        200,
        &format!(
            "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken>\
             <Expiration>2026-11-25T21:05:00Z</Expiration></GetWebIdentityTokenResult>\
             </GetWebIdentityTokenResponse>"
        ),
    )
    .with_header("Content-Type", "text/xml")
}

#[tokio::test]
async fn a_rotated_key_is_read_anew_and_the_statement_goes_on() {
    let file = SecretFile::new("key", KEY);
    let rotated = file.0.clone();
    let mut asked = 0;
    let server = Server::start(move |_| {
        asked += 1;
        // The new key is in place by the time the second token is refused.
        if asked == 2 {
            std::fs::write(&rotated, ROTATED_KEY).unwrap();
        }
        if asked <= 2 { refused("394304") } else { one_row() }
    });
    assert_eq!(run(&server.client_with_key(&file.0).await).await.unwrap().len(), 1);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_ne!(requests[2].token(), requests[1].token());
    assert_eq!(requests[2].query["requestId"], requests[0].query["requestId"]);
    assert_eq!(requests[2].query["retry"], "true");
}

#[tokio::test]
async fn a_clock_that_is_off_is_set_by_the_servers_date() {
    let skewed = refused("394302").with_header("Date", "Wed, 25 Nov 2026 21:00:00 GMT");
    let server = Server::answering(vec![skewed, one_row()]);
    run(&server.client().await).await.unwrap();
    let claims = server.requests()[1].token().split('.').nth(1).unwrap().to_owned();
    let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let served = 1_795_640_400;
    let issued = claims["iat"].as_u64().unwrap();
    assert!((served..served + 5).contains(&issued), "{issued}");
}

#[tokio::test]
async fn an_access_token_is_sent_as_it_is_and_read_anew_once_when_refused() {
    let file = SecretFile::new("token", "pat-one\n");
    let renewed = file.0.clone();
    let server = Server::start(move |request| match request.token() {
        "Bearer pat-two" => one_row(),
        _ => {
            std::fs::write(&renewed, "pat-two\n").unwrap();
            refused("394400")
        }
    });
    let how = [
        ("SNOWFLAKE_AUTHENTICATION", "access-token"),
        ("SNOWFLAKE_ACCESS_TOKEN_FILE", file.0.to_str().unwrap()),
    ];
    let client = server.client_with(&how, &SdkConfig::builder().build());
    run(&client).await.unwrap();
    let requests = server.requests();
    let tokens: Vec<&str> = requests.iter().map(|request| request.token()).collect();
    assert_eq!(tokens, ["Bearer pat-one", "Bearer pat-two"]);
    let kind = &requests[0].headers["x-snowflake-authorization-token-type"];
    assert_eq!(kind, "PROGRAMMATIC_ACCESS_TOKEN");
}

#[tokio::test]
async fn aws_vouches_for_the_role() {
    let mut issued = 0;
    let sts = Server::start(move |_| {
        issued += 1;
        identity(&format!("jwt{issued}"))
    });
    let server = Server::answering(vec![one_row(), refused("390144"), one_row()]);
    let how = [("SNOWFLAKE_AUTHENTICATION", "workload-identity")];
    let client = server.client_with(&how, &aws_at(&sts.url));
    for _ in 0..2 {
        run(&client).await.unwrap();
    }
    let requests = server.requests();
    let tokens: Vec<&str> = requests.iter().map(|request| request.token()).collect();
    assert_eq!(tokens, ["Bearer WIF.AWS.jwt1", "Bearer WIF.AWS.jwt1", "Bearer WIF.AWS.jwt2"]);
    let kind = &requests[0].headers["x-snowflake-authorization-token-type"];
    assert_eq!(kind, "WORKLOAD_IDENTITY_FEDERATION");
    let asked = &sts.requests()[0].text;
    for part in [
        "Action=GetWebIdentityToken",
        "Audience.member.1=snowflakecomputing.com",
        "SigningAlgorithm=ES384",
        "DurationSeconds=300",
    ] {
        assert!(asked.contains(part), "{asked}");
    }
}

#[tokio::test]
async fn a_role_that_aws_does_not_vouch_for_is_an_error_with_its_cause() {
    let sts = Server::answering(vec![Answer::text(
        403,
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
         <Message>not authorized to perform sts:GetWebIdentityToken</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>",
    )]);
    let server = Server::answering(vec![one_row()]);
    let how = [("SNOWFLAKE_AUTHENTICATION", "workload-identity")];
    let error = run(&server.client_with(&how, &aws_at(&sts.url))).await.unwrap_err();
    assert!(matches!(error, Error::Identity(_)) && format!("{error:?}").contains("AccessDenied"));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn neither_debug_nor_errors_show_a_secret() {
    let file = SecretFile::new("shown", "pat-secret");
    let sts = Server::answering(vec![identity("jwt-secret")]);
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/test_key.pem");
    let ways: [&[(&str, &str)]; 3] = [
        &[("SNOWFLAKE_PRIVATE_KEY_FILE", key.to_str().unwrap())],
        &[
            ("SNOWFLAKE_AUTHENTICATION", "access-token"),
            ("SNOWFLAKE_ACCESS_TOKEN_FILE", file.0.to_str().unwrap()),
        ],
        &[("SNOWFLAKE_AUTHENTICATION", "workload-identity")],
    ];
    for way in ways {
        let server = Server::answering(vec![refused("390144")]);
        let client = server.client_with(way, &aws_at(&sts.url));
        let error = run(&client).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
        let shown = format!("{client:?} {error:?} {error}");
        for request in server.requests() {
            let token = request.token().trim_start_matches("Bearer ").to_owned();
            assert!(token.len() > 9 && !shown.contains(&token));
        }
        let key_line = KEY.lines().nth(1).unwrap();
        assert!(!shown.contains(key_line) && !shown.contains("-secret"), "{shown}");
    }
}
