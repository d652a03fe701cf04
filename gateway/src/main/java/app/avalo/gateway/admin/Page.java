package app.avalo.gateway.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Objects;

/**
 * The operators' page: one file without a word from elsewhere. Browsers run exactly the style and
 * the script that it came with, by their digests, and let it talk to this port only.
 */
final class Page {
  private final Buffer html;
  private final String policy;

  private Page(String html) {
    this.html = Buffer.buffer(html);
    this.policy =
        "default-src 'none'; style-src '"
            + digest(between(html, "<style>", "</style>"))
            + "'; script-src '"
            + digest(between(html, "<script>", "</script>"))
            + "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'";
  }

  /** The page of this jar; reads a resource, so once at the start. */
  static Page load() {
    try (InputStream in = Page.class.getResourceAsStream("page.html")) {
      return new Page(
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException unreadableJar) {
      throw new UncheckedIOException(unreadableJar);
    }
  }

  void register(Router router) {
    router.route("/").method(HttpMethod.GET).method(HttpMethod.HEAD).handler(this::show);
  }

  private void show(RoutingContext context) {
    context
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/html; charset=utf-8")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
        .putHeader("content-security-policy", policy)
        .putHeader("x-content-type-options", "nosniff")
        .putHeader("x-frame-options", "DENY")
        .putHeader("referrer-policy", "no-referrer")
        .end(html);
  }

  private static String between(String text, String from, String to) {
    int start = text.indexOf(from) + from.length();
    return text.substring(start, text.indexOf(to, start));
  }

  private static String digest(String text) {
    try {
      byte[] sha256 =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(sha256);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
