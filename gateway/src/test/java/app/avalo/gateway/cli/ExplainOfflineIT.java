package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is explained from a file leaves the network alone, but for keys that a token needs. */
class ExplainOfflineIT {
  private final AtomicInteger fetched = new AtomicInteger();
  private HttpServer issuer;
  @TempDir private Path directory;
  private Path config;

  @BeforeEach
  void start() throws IOException {
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/keys",
        exchange -> {
          fetched.incrementAndGet();
          exchange.sendResponseHeaders(500, -1);
          exchange.close();
        });
    issuer.start();
    String url = "http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys";
    config =
        Files.writeString(
            directory.resolve("gateway.yaml"),
            """
            listeners:
              - {name: plain, address: "127.0.0.1:0"}
              - {name: decodes, address: "127.0.0.1:0", encodedSlash: decode}
            regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
            services: {feed: {regions: {eu: "http://127.0.0.1:1"}}}
            routes: [{name: all, match: {path: {prefix: /}}, service: feed}]
            identity: {issuers: [{issuer: "https://id", algorithms: [RS256], jwks: {url: "%s"}}]}
            """
                .formatted(url));
  }

  @AfterEach
  void stop() {
    issuer.stop(0);
  }

  private String explain(String... more) {
    return explain(0, "http://localhost/", more);
  }

  private String explain(int exit, String url, String... more) {
    StringWriter out = new StringWriter();
    CommandLine line = AvaloGateway.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(out, true));
    String[] arguments = new String[4 + more.length];
    System.arraycopy(new String[] {"explain", config.toString(), "GET", url}, 0, arguments, 0, 4);
    System.arraycopy(more, 0, arguments, 4, more.length);
    assertThat(line.execute(arguments)).isEqualTo(exit);
    return out.toString();
  }

  private static String json(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void without_a_token_nobody_is_asked() {
    assertThat(explain()).contains("= forwarded to feed in eu");

    assertThat(fetched).hasValue(0);
  }

  @Test
  void a_path_is_read_as_its_listener_reads_it() {
    String url = "http://localhost/a%2Fb";

    assertThat(explain(Failure.USAGE, url)).contains("a path that RFC 3986 and the listener allow");
    assertThat(explain(0, url, "--listener", "decodes", "--json")).contains("\"/a/b\"");
    assertThat(explain(Failure.USAGE, url, "--listener", "none"))
        .contains("listener: none (expected one of plain, decodes)");
  }

  @Test
  void a_token_is_judged_by_the_keys_of_its_issuer() {
    String token =
        json("{\"alg\":\"RS256\",\"kid\":\"a\"}")
            + "."
            + json("{\"iss\":\"https://id\",\"sub\":\"ada\",\"exp\":4102444800}")
            + "."
            + json("x".repeat(256));

    String explained = explain("-H", "Authorization: Bearer " + token);

    assertThat(explained).contains("= answered by the gateway with 503");
    assertThat(fetched).hasPositiveValue();
  }
}
