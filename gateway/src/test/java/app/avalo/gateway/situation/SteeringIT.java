package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.servedBy;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.region.RegionStatus;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients ask which region to go to, measure, and report; what they report decides. */
class SteeringIT {
  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES
              + """
              services:
                feed: {%1$s}
                wallet: {%1$s, residency: true}
              routes:
                - {name: all, match: {path: {prefix: /}}, service: feed}
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

  private JsonObject routing(String client, String more) {
    HttpResponse<String> answer =
        gateway.get("/routing?service=feed" + more, "X-Forwarded-For", client);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new JsonObject(answer.body());
  }

  private HttpResponse<String> report(String client, String invitation, String times) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri("/routing?invitation=" + invitation + times))
            .POST(HttpRequest.BodyPublishers.noBody())
            .header("X-Forwarded-For", client)
            .build());
  }

  @Test
  void the_answer_names_the_best_region_its_alternates_and_what_to_measure() {
    JsonObject answer = routing(ThreeRegions.BERLIN, "");

    assertThat(answer.getJsonObject("primary").getString("region")).isEqualTo("eu");
    assertThat(answer.getJsonObject("primary").getString("origin")).isEqualTo("https://eu.test");
    assertThat(answer.getJsonArray("alternates")).hasSize(2);
    assertThat(answer.getInteger("ttlSeconds")).isBetween(270, 330);
    assertThat(answer.getJsonArray("probe").getJsonObject(0).getString("url"))
        .isEqualTo("https://eu.test/ping");
    assertThat(answer.getString("invitation")).isNotEmpty();
  }

  @Test
  void what_a_client_reports_decides_where_its_prefix_is_served() {
    JsonObject first = routing(ThreeRegions.BERLIN, "");

    HttpResponse<String> thanks =
        report(ThreeRegions.BERLIN, first.getString("invitation"), "&eu=400&us=110&asia=300");

    assertThat(thanks.statusCode()).as(thanks.body()).isEqualTo(204);
    JsonObject second = routing(ThreeRegions.BERLIN, "");
    assertThat(second.getJsonObject("primary").getString("region")).isEqualTo("us");
    assertThat(servedBy(gateway.get("/", "X-Forwarded-For", ThreeRegions.BERLIN))).isEqualTo("us");
    assertThat(
            steps(explain(gateway, "GET", "/", ThreeRegions.BERLIN), "region preference")
                .toString())
        .contains("1 samples of the prefix");
  }

  @Test
  void reports_that_cannot_be_true_are_refused_with_a_problem_and_teach_nothing() {
    String invitation = routing(ThreeRegions.BERLIN, "").getString("invitation");

    assertThat(problem(report(ThreeRegions.BERLIN, "forged", "&eu=400"))).isEqualTo("forbidden");
    assertThat(problem(report(ThreeRegions.TOKYO, invitation, "&eu=400"))).isEqualTo("forbidden");
    assertThat(problem(report(ThreeRegions.BERLIN, invitation, "&us=5"))).isEqualTo("bad-request");
    assertThat(problem(report(ThreeRegions.BERLIN, invitation, "&us=no"))).isEqualTo("bad-request");
    assertThat(report(ThreeRegions.BERLIN, invitation, "&eu=20").statusCode()).isEqualTo(204);
    assertThat(problem(report(ThreeRegions.BERLIN, invitation, "&eu=20"))).isEqualTo("forbidden");
    String next = routing(ThreeRegions.BERLIN, "").getString("invitation");
    assertThat(problem(report(ThreeRegions.BERLIN, next, "&eu=20"))).isEqualTo("limited");
    assertThat(routing(ThreeRegions.TOKYO, "").getJsonObject("primary").getString("region"))
        .isEqualTo("asia");
  }

  @Test
  void nobody_is_sent_where_a_data_rule_forbids_it() {
    JsonObject lawful =
        new JsonObject(
            gateway.get("/routing?service=wallet", "X-Forwarded-For", ThreeRegions.BERLIN).body());
    assertThat(lawful.getJsonObject("primary").getString("region")).isEqualTo("eu");
    assertThat(lawful.getJsonArray("alternates")).isEmpty();

    HttpResponse<String> none =
        gateway.get("/routing?service=wallet", "X-Forwarded-For", ThreeRegions.NOWHERE);
    assertThat(problem(none)).isEqualTo("residency");
  }

  @Test
  void a_region_that_has_just_returned_is_given_a_share_of_its_clients() {
    HealthMonitor health = gateway.gateway().shared().health();
    RunningGateway.await(health.force("eu", new RegionStatus.Forced(true, "ana", "works", null)));
    assertThat(routing(ThreeRegions.BERLIN, "").encode()).doesNotContain("https://eu.test");
    RunningGateway.await(health.release("eu", "ana"));

    int sent = 0;
    for (int client = 1; client <= 50; client++) {
      sent += primary("192.0.2." + client).equals("eu") ? 1 : 0;
    }

    assertThat(sent).isLessThan(25);
    assertThat(primary(ThreeRegions.TOKYO)).isEqualTo("asia");
  }

  @Test
  void who_is_served_or_sent_there_is_a_user_of_the_region_and_who_is_explained_is_not() {
    for (int client = 1; client <= 20; client++) {
      gateway.get("/", "X-Forwarded-For", "192.0.2." + client);
      explain(gateway, "GET", "/", "192.0.2." + (100 + client));
      explain(gateway, "GET", "/routing?service=feed", "192.0.2." + (100 + client));
    }
    assertThat(usersOfEu()).isBetween(16, 24);

    for (int client = 41; client <= 60; client++) {
      primary("192.0.2." + client);
    }
    assertThat(usersOfEu()).isBetween(34, 46);
  }

  @Test
  void explain_names_the_region_that_getRouting_would_and_takes_no_report() {
    Exchange asked = explain(gateway, "GET", "/routing?service=feed", ThreeRegions.BERLIN);
    Exchange wrong = explain(gateway, "GET", "/routing?service=nothing", ThreeRegions.BERLIN);
    String invitation = routing(ThreeRegions.BERLIN, "").getString("invitation");
    String times = "/routing?invitation=" + invitation + "&eu=400&us=110";
    Exchange reported = explain(gateway, "POST", times, ThreeRegions.BERLIN);

    assertThat(steps(asked, "routing").get(0).verdict()).isEqualTo("eu");
    assertThat(steps(asked, "routing").get(0).facts()).containsKeys("eu", "us", "asia");
    assertThat(asked.status()).isEqualTo(200);
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(reported.status()).isEqualTo(204);
    assertThat(primary(ThreeRegions.BERLIN)).isEqualTo("eu");
  }

  private int usersOfEu() {
    return RunningGateway.await(gateway.gateway().health().status()).get(0).taking().users();
  }

  private String primary(String client) {
    return routing(client, "").getJsonObject("primary").getString("region");
  }

  @Test
  void what_is_not_asked_rightly_is_refused() {
    assertThat(problem(gateway.get("/routing"))).isEqualTo("bad-request");
    assertThat(problem(gateway.get("/routing?service=nothing"))).isEqualTo("bad-request");
    HttpResponse<String> put =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/routing"))
                .method("DELETE", HttpRequest.BodyPublishers.noBody())
                .build());
    assertThat(put.statusCode()).isEqualTo(405);
  }
}
