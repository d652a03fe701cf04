package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.servedBy;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients of a service that binds its users ask which region to go to by themselves. */
class SteeringBoundUsersIT {
  private static final String KEY = "X-Api-Key";
  private static final String ADA = "key-of-ada-0123456";

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES
              + """
              identity: {apiKeys: [{name: ada, key: "${env:NONE:-key-of-ada-0123456}"}]}
              services:
                chat: {pin: {contract: move}, %1$s}
              routes:
                - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                - name: routing
                  match: {path: /routing}
                  routing:
                    origins: {eu: "https://eu.test", us: "https://us.test", asia: "https://asia.test"}
                    probe: /ping
              """
                  .formatted(regions.everywhere()));

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private HttpResponse<String> routing(String client, String token) {
    return gateway.get("/routing?service=chat", "X-Forwarded-For", client, "Pin-Token", token);
  }

  private static String region(JsonObject answer) {
    return answer.getJsonObject("primary").getString("region");
  }

  @Test
  void a_client_is_sent_to_the_region_that_owns_it_and_shows_its_token_there() {
    JsonObject first = new JsonObject(routing(ThreeRegions.BERLIN, "").body());
    String token = first.getString("pinToken");

    JsonObject abroad = new JsonObject(routing(ThreeRegions.TOKYO, token).body());
    String served =
        servedBy(gateway.get("/chat", "X-Forwarded-For", ThreeRegions.TOKYO, "Pin-Token", token));

    assertThat(region(first)).isEqualTo("eu");
    assertThat(first.getJsonArray("alternates")).as("nobody else owns it").isEmpty();
    assertThat(region(abroad)).isEqualTo("eu");
    assertThat(served).isEqualTo("eu");
  }

  @Test
  void explain_says_where_a_user_would_be_bound_and_binds_nobody() {
    Exchange before = explained(ThreeRegions.TOKYO);

    JsonObject asked =
        new JsonObject(
            gateway
                .get("/routing?service=chat", "X-Forwarded-For", ThreeRegions.BERLIN, KEY, ADA)
                .body());

    assertThat(steps(before, "pin").get(0).verdict()).isEqualTo("would be bound to asia");
    assertThat(steps(before, "routing").get(0).verdict()).isEqualTo("asia");
    assertThat(region(asked)).isEqualTo("eu");
    Exchange after = explained(ThreeRegions.TOKYO);
    assertThat(steps(after, "pin").get(0).verdict()).isEqualTo("bound to eu");
    assertThat(steps(after, "routing").get(0).verdict()).isEqualTo("eu");
  }

  private Exchange explained(String client) {
    return explain(gateway, "GET", "/routing?service=chat", client, KEY, ADA);
  }

  @Test
  void it_waits_until_it_has_moved_and_is_then_sent_after_its_data() {
    String token = new JsonObject(routing(ThreeRegions.BERLIN, "").body()).getString("pinToken");
    List<HttpResponse<String>> meanwhile = new ArrayList<>();
    regions.eu().mode(Mode.RESET_BEFORE_HEAD);

    Awaiting.until(() -> !staysOrWaits(asked(meanwhile, token)));

    JsonObject moved = new JsonObject(meanwhile.remove(meanwhile.size() - 1).body());
    assertThat(region(moved)).isIn("us", "asia");
    assertThat(moved.getString("pinToken")).isNotEqualTo(token);
    // How long it waits is a matter of milliseconds; nobody is sent elsewhere in them.
    meanwhile.removeIf(answer -> answer.statusCode() == 200);
    assertThat(meanwhile)
        .allSatisfy(
            answer -> {
              assertThat(problem(answer)).isEqualTo("no-region");
              assertThat(header(answer, "Retry-After")).isEqualTo("1");
            });
  }

  private HttpResponse<String> asked(List<HttpResponse<String>> answers, String token) {
    answers.add(routing(ThreeRegions.BERLIN, token));
    return answers.get(answers.size() - 1);
  }

  private static boolean staysOrWaits(HttpResponse<String> answer) {
    return answer.statusCode() != 200 || region(new JsonObject(answer.body())).equals("eu");
  }
}
