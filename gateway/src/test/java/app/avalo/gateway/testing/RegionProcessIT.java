package app.avalo.gateway.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegionProcessIT {
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void aRegionEchoesCountsAndDiesWhenKilled() throws Exception {
    try (RegionProcess region = RegionProcess.start("eu")) {
      HttpResponse<String> answer = get(region.port(), "/a?b=c", "first");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).contains("\"region\":\"eu\"", "\"target\":\"/a?b=c\"");
      region.kill();
      assertThatThrownBy(() -> get(region.port(), "/", "second"))
          .isInstanceOf(ConnectException.class);
      assertThat(region.ids()).containsExactly("first");
    }
  }

  @Test
  void aStoppedRegionIsSilentUntilItResumes() throws Exception {
    try (RegionProcess region = RegionProcess.start("eu")) {
      region.stop();
      assertThatThrownBy(() -> get(region.port(), "/", "1"))
          .isInstanceOf(HttpTimeoutException.class);
      region.resume();
      assertThat(get(region.port(), "/", "2").statusCode()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {
        "RESET_MID_BODY",
        "RESET_BEFORE_HEAD",
        "ACCEPT_AND_CLOSE",
        "GARBAGE",
        "NEVER_ANSWER"
      })
  void aMisbehavingRegionFailsTheClient(Mode mode) {
    try (TestRegion region = TestRegion.start("eu")) {
      region.mode(mode);
      assertThatThrownBy(() -> get(region.port(), "/", "1")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void checksMayFareBetterThanTraffic() throws Exception {
    try (RegionProcess region = RegionProcess.start("eu")) {
      region.trafficMode(Mode.ERROR_500);
      assertThat(get(region.port(), "/", "1").statusCode()).isEqualTo(500);
      assertThat(get(region.port(), "/health", "2").statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> get(int port, String target, String id) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
            .header("X-Test-Id", id)
            .timeout(Duration.ofMillis(1500))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
