// The common program (see tools/generators/README.md), with openapi-generator's go client.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"program/client"
)

func main() {
	log.SetFlags(log.Lshortfile)
	packageName := os.Args[1]
	// The server is the document's.
	api := client.NewAPIClient(client.NewConfiguration())
	nobody := context.Background()
	ship := *client.NewShipInput("Rebel Alliance", "Starfighters", 1, 13, "Incom Corporation", "T-65 X-Wing",
		[]string{"Escort"}, "Starfighter")

	tokens, _, err := api.FleetAPI.LogIn(nobody).Credentials(*client.NewCredentials("user", "password")).Execute()
	check(err)
	fmt.Println("logged in")
	_, _, err = api.FleetAPI.CreateShip(nobody).ShipInput(ship).Execute()
	printRefusal(err)

	user := context.WithValue(nobody, client.ContextAccessToken, tokens.AccessToken)
	created, _, err := api.FleetAPI.CreateShip(user).ShipInput(ship).Execute()
	check(err)
	fmt.Printf("created %s, crew %d\n", created.Model, created.Crew)

	patch := client.NewShipPatch()
	patch.SetCrew(2)
	changed, _, err := api.FleetAPI.ChangeShip(user, created.Id).ShipPatch(*patch).Execute()
	check(err)
	fmt.Printf("changed to crew %d\n", changed.Crew)

	ships, _, err := api.FleetAPI.ListShips(nobody).Execute()
	check(err)
	for _, ship := range ships {
		if ship.Id == created.Id {
			fmt.Printf("listed with crew %d\n", ship.Crew)
		}
	}

	upload := func(parameters map[string]string) error {
		file, err := os.Open("openapi.json")
		check(err)
		text, err := json.Marshal(parameters)
		check(err)
		_, _, err = api.RegistryAPI.UploadPackage(user).
			PackageName(packageName).Tag("1.0.0").Json(string(text)).File(file).Execute()
		return err
	}
	printRefusal(upload(map[string]string{"tag": "2.0.0"}))
	check(upload(map[string]string{"tag": "1.0.0"}))
	fmt.Println("uploaded")

	file, _, err := api.RegistryAPI.DownloadFile(user, packageName, "1.0.0").Execute()
	check(err)
	downloaded, err := io.ReadAll(file)
	check(err)
	check(os.Remove(file.Name()))
	content, err := os.ReadFile("openapi.json")
	check(err)
	if bytes.Equal(downloaded, content) {
		fmt.Println("downloaded the same bytes")
	}

	message, _, err := api.FleetAPI.LogOut(user).Execute()
	check(err)
	fmt.Println(message.Message)
	_, _, err = api.FleetAPI.CreateShip(user).ShipInput(ship).Execute()
	printRefusal(err)
}

func check(err error) {
	if err != nil {
		_ = log.Output(2, err.Error())
		os.Exit(1)
	}
}

// printRefusal prints what the server says against a request.
func printRefusal(err error) {
	var refusal *client.GenericOpenAPIError
	if !errors.As(err, &refusal) {
		log.Fatal("no refusal: ", err)
	}
	problem, ok := refusal.Model().(client.Problem)
	if !ok {
		log.Fatal("no problem: ", string(refusal.Body()))
	}
	if len(problem.Details) > 0 {
		fmt.Println(problem.StatusCode, problem.Details[0].Path, problem.Details[0].Message)
	} else {
		fmt.Println(problem.StatusCode, problem.Message)
	}
}
