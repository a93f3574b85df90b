//! A delivery stream that refuses what the service refuses, and whatever else it is told to.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the stream does with a call.
pub(crate) type Behaviour = fn(call: usize, records: usize) -> Answer;

/// An answer to `PutRecordBatch`.
pub(crate) enum Answer {
    /// Takes all records but those at these positions.
    AllBut(Vec<usize>),
    /// Takes nothing: HTTP status and error code.
    Refuse(u16, &'static str),
}

/// How the stream answers `DescribeDeliveryStream`.
#[derive(Clone, Copy)]
pub(crate) enum Description {
    /// The CompressionFormat of its destination.
    Compression(&'static str),
    /// Not at all: error code.
    Refuse(&'static str),
}

/// A running stream. It ends with the test.
pub(crate) struct FakeFirehose {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    calls: usize,
    taken: Vec<Vec<u8>>,
    largest_call: usize,
}

impl FakeFirehose {
    /// A stream that compresses what it delivers.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        Self::start_as(Description::Compression("GZIP"), behaviour)
    }

    pub(crate) fn start_as(description: Description, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    serve(connection.unwrap(), &state, description, behaviour)
                });
            }
        });
        Self { address, state }
    }

    /// The environment in which the SDK finds this stream.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// The records taken, in no particular order.
    pub(crate) fn taken(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Bytes of the largest request body, base64 included.
    pub(crate) fn largest_call(&self) -> usize {
        self.state.lock().unwrap().largest_call
    }
}

fn serve(
    connection: TcpStream,
    state: &Mutex<State>,
    description: Description,
    behaviour: Behaviour,
) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut writer = connection;
    while let Some((target, body)) = read_request(&mut reader) {
        let (status, answer) = match target.as_str() {
            "Firehose_20150804.DescribeDeliveryStream" => describe(description),
            "Firehose_20150804.PutRecordBatch" => {
                answer(&body, &mut state.lock().unwrap(), behaviour)
            }
            _ => unreachable!("{target}"),
        };
        let text = answer.to_string();
        write!(
            writer,
            "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )
        .unwrap();
    }
}

/// Operation and body of the next request; `None` when the client has closed the connection.
fn read_request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).ok()? == 0 {
            return None;
        }
        if header == "\r\n" {
            break;
        }
        match header.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim())) {
            Some((name, value)) if name == "content-length" => length = value.parse().unwrap(),
            Some((name, value)) if name == "x-amz-target" => target = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((target, body))
}

fn describe(description: Description) -> (u16, Value) {
    let format = match description {
        Description::Compression(format) => format,
        Description::Refuse(code) => return (400, json!({"__type": code, "message": "as told"})),
    };
    let destination = json!({
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": "arn:aws:iam::123456789012:role/landing",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CompressionFormat": format,
    });
    let description = json!({
        "DeliveryStreamName": "orders",
        "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/orders",
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamType": "DirectPut",
        "VersionId": "1",
        "HasMoreDestinations": false,
        "Destinations": [{"DestinationId": "destinationId-000000000001", "ExtendedS3DestinationDescription": destination}],
    });
    (200, json!({"DeliveryStreamDescription": description}))
}

fn answer(body: &[u8], state: &mut State, behaviour: Behaviour) -> (u16, Value) {
    let request: Value = serde_json::from_slice(body).unwrap();
    let records: Vec<Vec<u8>> = request["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| BASE64_STANDARD.decode(record["Data"].as_str().unwrap()).unwrap())
        .collect();
    assert!(records.len() <= 500 && records.iter().all(|record| record.len() <= 1_000 * 1_024));
    state.largest_call = state.largest_call.max(body.len());
    let call = state.calls;
    state.calls += 1;
    match behaviour(call, records.len()) {
        Answer::Refuse(status, code) => (status, json!({"__type": code, "message": "as told"})),
        Answer::AllBut(refused) => {
            let mut answers = Vec::new();
            for (position, record) in records.into_iter().enumerate() {
                if refused.contains(&position) {
                    answers.push(json!({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}));
                } else {
                    state.taken.push(record);
                    answers.push(json!({"RecordId": format!("{call}-{position}")}));
                }
            }
            (200, json!({"FailedPutCount": refused.len(), "RequestResponses": answers}))
        }
    }
}
