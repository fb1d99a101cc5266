import java.io.File;
import java.nio.file.Files;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.FleetApi;
import org.openapitools.client.api.RegistryApi;
import org.openapitools.client.model.Credentials;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.ShipInput;
import org.openapitools.client.model.ShipPatch;

/** The common program (see tools/generators/README.md), with openapi-generator's java client. */
public class Program {
  static final File FILE = new File("openapi.json");

  static final ShipInput SHIP =
      new ShipInput()
          .affiliation("Rebel Alliance")
          .category("Starfighters")
          .crew(1L)
          .length(13L)
          .manufacturer("Incom Corporation")
          .model("T-65 X-Wing")
          .roles(List.of("Escort"))
          .shipClass("Starfighter");

  public static void main(String[] args) throws Exception {
    var packageName = args[0];
    // The server is the document's.
    var client = new ApiClient();
    var fleet = new FleetApi(client);
    var registry = new RegistryApi(client);

    var tokens = fleet.logIn(new Credentials().username("user").password("password"));
    System.out.println("logged in");
    printRefusal(() -> fleet.createShip(SHIP));

    client.setAccessToken(tokens.getAccessToken());
    var created = fleet.createShip(SHIP);
    System.out.printf("created %s, crew %d%n", created.getModel(), created.getCrew());

    var changed = fleet.changeShip(created.getId(), null, new ShipPatch().crew(2L));
    System.out.printf("changed to crew %d%n", changed.getCrew());

    for (var ship : fleet.listShips()) {
      if (ship.getId().equals(created.getId())) {
        System.out.printf("listed with crew %d%n", ship.getCrew());
      }
    }

    printRefusal(() -> registry.uploadPackage(packageName, "1.0.0", FILE, "{\"tag\":\"2.0.0\"}"));
    registry.uploadPackage(packageName, "1.0.0", FILE, "{\"tag\":\"1.0.0\"}");
    System.out.println("uploaded");

    var file = registry.downloadFile(packageName, "1.0.0", null, null, null);
    file.deleteOnExit();
    if (Files.mismatch(file.toPath(), FILE.toPath()) == -1) {
      System.out.println("downloaded the same bytes");
    }

    System.out.println(fleet.logOut().getMessage());
    printRefusal(() -> fleet.createShip(SHIP));
    // Its connections would keep the process for minutes.
    System.exit(0);
  }

  interface Request {
    Object send() throws ApiException;
  }

  /** Prints what the server says against a request. */
  static void printRefusal(Request request) throws Exception {
    try {
      throw new AssertionError("no refusal: " + request.send());
    } catch (ApiException refusal) {
      var problem = Problem.fromJson(refusal.getResponseBody());
      if (problem.getDetails() == null || problem.getDetails().isEmpty()) {
        System.out.println(problem.getStatusCode() + " " + problem.getMessage());
      } else {
        var detail = problem.getDetails().get(0);
        System.out.println(
            problem.getStatusCode() + " " + detail.getPath() + " " + detail.getMessage());
      }
    }
  }
}
