// The common program (see tools/generators/README.md), with ogen's client.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	ht "github.com/ogen-go/ogen/http"
	"github.com/ogen-go/ogen/ogenerrors"

	"program/client"
)

// tokens is where the client asks for what an operation takes. All but the access token are left out.
type tokens struct {
	access string
}

func (t *tokens) AccessBearer(context.Context, client.OperationName) (client.AccessBearer, error) {
	return client.AccessBearer{Token: t.access}, nil
}

func (*tokens) AccessTokenHeader(context.Context, client.OperationName) (client.AccessTokenHeader, error) {
	return client.AccessTokenHeader{}, ogenerrors.ErrSkipClientSecurity
}

func (*tokens) AccessXAccessTokenHeader(
	context.Context, client.OperationName,
) (client.AccessXAccessTokenHeader, error) {
	return client.AccessXAccessTokenHeader{}, ogenerrors.ErrSkipClientSecurity
}

func (*tokens) Basic(context.Context, client.OperationName) (client.Basic, error) {
	return client.Basic{}, ogenerrors.ErrSkipClientSecurity
}

func (*tokens) OAuth2(context.Context, client.OperationName) (client.OAuth2, error) {
	return client.OAuth2{}, ogenerrors.ErrSkipClientSecurity
}

func (*tokens) RefreshBearer(context.Context, client.OperationName) (client.RefreshBearer, error) {
	return client.RefreshBearer{}, ogenerrors.ErrSkipClientSecurity
}

// withoutToken sends requests as nobody: ogen itself refuses to ask without what an operation takes.
type withoutToken struct{}

func (withoutToken) Do(request *http.Request) (*http.Response, error) {
	request.Header.Del("Authorization")
	return http.DefaultClient.Do(request)
}

func main() {
	log.SetFlags(log.Lshortfile)
	packageName, url := os.Args[1], os.Args[2]
	source := &tokens{}
	api, err := client.NewClient(url, source)
	check(err)
	nobody, err := client.NewClient(url, source, client.WithClient(withoutToken{}))
	check(err)
	ctx := context.Background()
	ship := &client.ShipInput{
		Affiliation:  "Rebel Alliance",
		Category:     "Starfighters",
		Crew:         1,
		Length:       13,
		Manufacturer: "Incom Corporation",
		Model:        "T-65 X-Wing",
		Roles:        []string{"Escort"},
		ShipClass:    "Starfighter",
	}

	login := must[*client.TokenPairHeaders](api.LogIn(ctx, &client.Credentials{Username: "user", Password: "password"}))
	fmt.Println("logged in")
	printRefusal(must[*client.ProblemHeaders](nobody.CreateShip(ctx, ship)).Response)

	source.access = login.Response.AccessToken
	created := must[*client.ShipHeaders](api.CreateShip(ctx, ship)).Response
	fmt.Printf("created %s, crew %d\n", created.Model, created.Crew)

	patch := client.NewOptShipPatch(client.ShipPatch{Crew: client.NewOptInt64(2)})
	changed := must[*client.GetShipOKHeaders](api.ChangeShip(ctx, patch, client.ChangeShipParams{ID: created.ID})).Response
	fmt.Printf("changed to crew %d\n", changed.Crew)

	ships := must[*client.ListShipsOKApplicationJSON](api.ListShips(ctx))
	for _, ship := range *ships {
		if ship.ID == created.ID {
			fmt.Printf("listed with crew %d\n", ship.Crew)
		}
	}

	content, err := os.ReadFile("openapi.json")
	check(err)
	upload := func(parameters map[string]string) (client.UploadPackageRes, error) {
		text, err := json.Marshal(parameters)
		check(err)
		return api.UploadPackage(ctx, &client.PackageUploadMultipart{
			PackageName: packageName,
			Tag:         "1.0.0",
			JSON:        client.NewOptString(string(text)),
			File:        ht.MultipartFile{Name: "openapi.json", File: bytes.NewReader(content)},
		})
	}
	printRefusal(client.Problem(*must[*client.UploadPackageBadRequest](upload(map[string]string{"tag": "2.0.0"}))))
	must[*client.Uploaded](upload(map[string]string{"tag": "1.0.0"}))
	fmt.Println("uploaded")

	file := must[*client.DownloadFileOKHeaders](
		api.DownloadFile(ctx, client.DownloadFileParams{PackageName: packageName, Tag: "1.0.0"}))
	downloaded, err := io.ReadAll(file.Response)
	check(err)
	if bytes.Equal(downloaded, content) {
		fmt.Println("downloaded the same bytes")
	}

	fmt.Println(must[*client.Message](api.LogOut(ctx)).Message)
	printRefusal(must[*client.ProblemHeaders](api.CreateShip(ctx, ship)).Response)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// must gives the answer that is expected of several.
func must[Wanted any, Result any](result Result, err error) Wanted {
	check(err)
	wanted, ok := any(result).(Wanted)
	if !ok {
		log.Fatalf("unexpected: %T %+v", result, result)
	}
	return wanted
}

func printRefusal(problem client.Problem) {
	if len(problem.Details) > 0 {
		fmt.Println(problem.StatusCode, problem.Details[0].Path, problem.Details[0].Message)
	} else {
		fmt.Println(problem.StatusCode, problem.Message)
	}
}
