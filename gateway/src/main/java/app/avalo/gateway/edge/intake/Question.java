package app.avalo.gateway.edge.intake;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.ListenerConfig.EncodedSlash;
import app.avalo.gateway.config.plan.PathNormalizer;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.forward.head.InternalHeaders;
import io.vertx.core.MultiMap;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns a request that is only asked about into what intake makes of a live one. */
public final class Question {
  private final EncodedSlash slash;

  private Question(EncodedSlash slash) {
    this.slash = slash;
  }

  /**
   * A question about requests that come to one of these listeners.
   *
   * @param name of the listener, or null for the first
   * @throws IllegalArgumentException when none is called that
   */
  public static Question at(List<ListenerConfig> listeners, @Nullable String name) {
    if (name == null) {
      return new Question(listeners.get(0).bounds().head().encodedSlash());
    }
    for (ListenerConfig listener : listeners) {
      if (listener.name().equals(name)) {
        return new Question(listener.bounds().head().encodedSlash());
      }
    }
    String known = listeners.stream().map(ListenerConfig::name).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("listener: %s (expected one of %s)".formatted(name, known));
  }

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
  public Exchange.Head head(
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
    String path = PathNormalizer.normalize(rawPath, slash);
    if (path == null) {
      throw new IllegalArgumentException(
          "url: " + rawPath + " (expected a path that RFC 3986 and the listener allow)");
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
