// The common program (see tools/generators/README.md), with oapi-codegen's client.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"mime/multipart"
	"net/http"
	"os"

	"program/client"
)

func main() {
	log.SetFlags(log.Lshortfile)
	packageName, url := os.Args[1], os.Args[2]
	nobody, err := client.NewClientWithResponses(url)
	check(err)
	ctx := context.Background()
	ship := client.ShipInput{
		Affiliation:  "Rebel Alliance",
		Category:     "Starfighters",
		Crew:         1,
		Length:       13,
		Manufacturer: "Incom Corporation",
		Model:        "T-65 X-Wing",
		Roles:        []string{"Escort"},
		ShipClass:    "Starfighter",
	}

	login, err := nobody.LogInWithResponse(ctx, client.Credentials{Username: "user", Password: "password"})
	tokens := must(login.JSON200, err)
	fmt.Println("logged in")
	refused, err := nobody.CreateShipWithResponse(ctx, ship)
	printRefusal(must(refused.JSON401, err))

	user, err := client.NewClientWithResponses(url, client.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
			return nil
		}))
	check(err)
	create, err := user.CreateShipWithResponse(ctx, ship)
	created := must(create.JSON201, err)
	fmt.Printf("created %s, crew %d\n", created.Model, created.Crew)

	crew := int64(2)
	change, err := user.ChangeShipWithResponse(ctx, created.Id, nil, client.ShipPatch{Crew: &crew})
	fmt.Printf("changed to crew %d\n", must(change.JSON200, err).Crew)

	list, err := nobody.ListShipsWithResponse(ctx)
	for _, ship := range *must(list.JSON200, err) {
		if ship.Id == created.Id {
			fmt.Printf("listed with crew %d\n", ship.Crew)
		}
	}

	content, err := os.ReadFile("openapi.json")
	check(err)
	upload := func(parameters map[string]string) *client.UploadPackageResponse {
		contentType, body := form(packageName, parameters, content)
		answer, err := user.UploadPackageWithBodyWithResponse(ctx, contentType, body)
		check(err)
		return answer
	}
	printRefusal(must(upload(map[string]string{"tag": "2.0.0"}).JSON400, nil))
	must(upload(map[string]string{"tag": "1.0.0"}).JSON200, nil)
	fmt.Println("uploaded")

	file, err := user.DownloadFileWithResponse(ctx, packageName, "1.0.0", nil)
	check(err)
	if bytes.Equal(file.Body, content) {
		fmt.Println("downloaded the same bytes")
	}

	logout, err := user.LogOutWithResponse(ctx)
	fmt.Println(must(logout.JSON200, err).Message)
	late, err := user.CreateShipWithResponse(ctx, ship)
	printRefusal(must(late.JSON401, err))
}

// form writes the parts of an upload: oapi-codegen leaves that to its users.
func form(packageName string, parameters map[string]string, content []byte) (string, *bytes.Buffer) {
	body := &bytes.Buffer{}
	writer := multipart.NewWriter(body)
	check(writer.WriteField("package_name", packageName))
	check(writer.WriteField("tag", "1.0.0"))
	header := http.Header{}
	header.Set("Content-Disposition", `form-data; name="json"`)
	header.Set("Content-Type", "application/json")
	part, err := writer.CreatePart(map[string][]string(header))
	check(err)
	check(json.NewEncoder(part).Encode(parameters))
	part, err = writer.CreateFormFile("file", "openapi.json")
	check(err)
	_, err = part.Write(content)
	check(err)
	check(writer.Close())
	return writer.FormDataContentType(), body
}

func check(err error) {
	if err != nil {
		_ = log.Output(2, err.Error())
		os.Exit(1)
	}
}

// must gives the answer that is expected: it is nil where another came.
func must[Answer any](answer *Answer, err error) *Answer {
	check(err)
	if answer == nil {
		_ = log.Output(2, "another answer came")
		os.Exit(1)
	}
	return answer
}

func printRefusal(problem *client.Problem) {
	if problem.Details != nil && len(*problem.Details) > 0 {
		detail := (*problem.Details)[0]
		fmt.Println(problem.StatusCode, detail.Path, detail.Message)
	} else {
		fmt.Println(problem.StatusCode, problem.Message)
	}
}
