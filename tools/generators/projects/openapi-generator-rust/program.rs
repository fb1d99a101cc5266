//! The common program (see tools/generators/README.md), with openapi-generator's rust client.

use client::apis::configuration::Configuration;
use client::apis::fleet_api::{
    CreateShipError, change_ship, create_ship, list_ships, log_in, log_out,
};
use client::apis::registry_api::{UploadPackageError, download_file, upload_package};
use client::apis::{Error, ResponseContent};
use client::models::{Credentials, Problem, ShipInput, ShipPatch};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let package = std::env::args().nth(1).ok_or("which package?")?;
    // The server is the document's.
    let mut configuration = Configuration::default();

    let credentials = Credentials::new("user".into(), "password".into());
    let tokens = log_in(&configuration, credentials).await?;
    println!("logged in");
    print_create_refusal(create_ship(&configuration, ship()).await.unwrap_err())?;

    configuration.bearer_access_token = Some(tokens.access_token);
    let created = create_ship(&configuration, ship()).await?;
    println!("created {}, crew {}", created.model, created.crew);

    let patch = ShipPatch { crew: Some(2), ..ShipPatch::new() };
    let changed = change_ship(&configuration, created.id, None, Some(patch)).await?;
    println!("changed to crew {}", changed.crew);

    let ships = list_ships(&configuration).await?;
    let listed = ships.iter().find(|ship| ship.id == created.id).ok_or("not listed")?;
    println!("listed with crew {}", listed.crew);

    let upload = async |tag: &str| {
        let parameters = json!({ "tag": tag }).to_string();
        let file = "openapi.json".into();
        upload_package(&configuration, &package, "1.0.0", file, Some(&parameters)).await
    };
    match upload("2.0.0").await.unwrap_err() {
        Error::ResponseError(ResponseContent {
            entity: Some(UploadPackageError::Status400(problem)),
            ..
        }) => print_problem(&problem),
        error => return Err(error.into()),
    }
    upload("1.0.0").await?;
    println!("uploaded");

    let file = download_file(&configuration, &package, "1.0.0", None, None, None).await?;
    if file.bytes().await? == std::fs::read("openapi.json")? {
        println!("downloaded the same bytes");
    }

    println!("{}", log_out(&configuration).await?.message);
    print_create_refusal(create_ship(&configuration, ship()).await.unwrap_err())
}

fn ship() -> ShipInput {
    ShipInput::new(
        "Rebel Alliance".into(),
        "Starfighters".into(),
        1,
        13,
        "Incom Corporation".into(),
        "T-65 X-Wing".into(),
        vec!["Escort".into()],
        "Starfighter".into(),
    )
}

/// The answers of one shape can't be told apart by their type: each is the first variant, whatever its status.
fn print_create_refusal(error: Error<CreateShipError>) -> Result<(), Failure> {
    match error {
        Error::ResponseError(ResponseContent {
            entity: Some(CreateShipError::Status400(problem)),
            ..
        }) => {
            print_problem(&problem);
            Ok(())
        }
        error => Err(error.into()),
    }
}

fn print_problem(problem: &Problem) {
    match problem.details.as_deref() {
        Some([detail, ..]) => {
            println!("{} {} {}", problem.status_code, detail.path, detail.message)
        }
        _ => println!("{} {}", problem.status_code, problem.message),
    }
}
