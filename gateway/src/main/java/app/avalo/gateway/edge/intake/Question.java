package app.avalo.gateway.edge.intake;

import app.avalo.gateway.config.plan.PathNormalizer;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.forward.head.InternalHeaders;
import io.vertx.core.MultiMap;
import org.jspecify.annotations.Nullable;

/** Turns a request that is only asked about into what intake makes of a live one. */
public final class Question {
  private Question() {}

  /**
   * The head of such a request.
   *
   * @param method as a client would send it
   * @param url absolute, or a path with its query
   * @param host with or without port, or null to take it from the url
   * @param headers as sent; internal ones are dropped from it
   * @param client who asks
   * @param viaTrustedHop whether it would come through a trusted hop
   * @param id request id
   * @throws IllegalArgumentException for what intake would refuse as malformed
   */
  public static Exchange.Head head(
      String method,
      String url,
      @Nullable String host,
      MultiMap headers,
      IpAddress client,
      boolean viaTrustedHop,
      String id) {
    String authority = host != null ? host : Intake.absoluteAuthority(url);
    if (authority == null) {
      throw new IllegalArgumentException(
          "url: " + url + " (expected a URL such as http://host/path, or a path)");
    }
    String known = Authority.host(authority);
    if (known == null) {
      throw new IllegalArgumentException("host: " + authority + " (expected a host name)");
    }
    String target = Intake.originForm(url);
    int question = target.indexOf('?');
    String rawPath = question < 0 ? target : target.substring(0, question);
    String path = PathNormalizer.normalize(rawPath);
    if (path == null) {
      throw new IllegalArgumentException(
          "url: " + rawPath + " (expected a path that RFC 3986 allows)");
    }
    InternalHeaders.strip(headers);
    return new Exchange.Head(
        method,
        known,
        path,
        question < 0 ? null : target.substring(question + 1),
        headers,
        client,
        viaTrustedHop,
        url.regionMatches(true, 0, "https://", 0, 8),
        id);
  }
}
