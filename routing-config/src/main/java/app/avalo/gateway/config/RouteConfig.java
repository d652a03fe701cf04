package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What happens to the requests that match.
 *
 * @param name unique
 * @param match which requests
 * @param action what happens to them
 * @param access who may
 * @param limits names of limits, next to those of the service
 * @param priority of its requests for limits, or null for the service's
 * @param rewrite of path and host on the way up
 * @param requestHeaders edits on the way up
 * @param responseHeaders edits on the way down; of caching fields below status 400 only
 * @param cors answers to other origins, or null when the service answers for itself
 * @param bodyBytes largest request body; default 10 MiB
 * @param timeouts the service's where not set
 * @param retry the service's where not set
 */
public record RouteConfig(
    String name,
    Match match,
    Action action,
    Access access,
    List<String> limits,
    ServiceConfig.@Nullable Priority priority,
    Rewrite rewrite,
    HeaderEdits requestHeaders,
    HeaderEdits responseHeaders,
    @Nullable Cors cors,
    long bodyBytes,
    ServiceConfig.Timeouts timeouts,
    ServiceConfig.Retry retry) {

  /**
   * All conditions must hold; of several matching routes the most specific wins: host before path
   * before method before headers, query and address.
   *
   * @param hosts exact ({@code api.avalo.app}) or wildcard ({@code *.avalo.app}); empty means any
   * @param path how the normalised path must look
   * @param methods empty means any
   * @param headers by name, case ignored
   * @param query by name
   * @param clients blocks of client addresses; empty means any
   */
  public record Match(
      List<String> hosts,
      PathMatch path,
      List<String> methods,
      List<ValueMatch> headers,
      List<ValueMatch> query,
      List<Cidr> clients) {}

  /**
   * Condition on the path.
   *
   * @param kind how {@code value} is read
   * @param value a path, a template such as {@code /users/{id}/posts}, or a regular expression
   */
  public record PathMatch(Kind kind, String value) {
    /** Kinds of path condition, most specific first. */
    public enum Kind {
      /** The whole path, character by character. */
      EXACT,
      /**
       * Segments with placeholders; {@code {name}} is one segment, {@code {name...}} the rest,
       * which ranks with prefixes.
       */
      TEMPLATE,
      /** A regular expression of linear cost over the whole path. */
      REGEX,
      /** Whole segments from the start: {@code /api} matches {@code /api/x}, not {@code /apix}. */
      PREFIX
    }
  }

  /**
   * Condition on a header or query parameter.
   *
   * @param name of it
   * @param value exact value, or null when being there is enough
   */
  public record ValueMatch(String name, @Nullable String value) {
    /** Whether the request's value fulfils it; null when the request has none. */
    public boolean holds(@Nullable String sent) {
      return sent != null && (value == null || value.equals(sent));
    }
  }

  /** What happens to a matching request. */
  public sealed interface Action permits Forward, Redirect, Respond, Routing {}

  /**
   * Forwarded to a service.
   *
   * @param services by weight; one is the usual case
   */
  public record Forward(List<Weighted> services) implements Action {}

  /**
   * A service and its share.
   *
   * @param service name
   * @param weight at least 1
   */
  public record Weighted(String service, int weight) {}

  /**
   * Answered with a redirect.
   *
   * @param status 301, 302, 303, 307 or 308
   * @param to absolute URI or path; {@code {path}} and {@code {query}} are filled in, the query
   *     with its question mark or nothing
   */
  public record Redirect(int status, String to) implements Action {}

  /**
   * Answered by the gateway.
   *
   * @param status HTTP status
   * @param contentType of the body
   * @param body at most 64 KiB
   */
  public record Respond(int status, String contentType, String body) implements Action {}

  /**
   * Answered with the best region for the caller; takes reports of what clients measured.
   *
   * @param origins where clients reach regions by themselves, by region; not empty
   * @param probe path that clients fetch to measure an origin; default {@code /}
   */
  public record Routing(Map<String, String> origins, String probe) implements Action {}

  /**
   * Who may use the route.
   *
   * @param identity whether a caller must be known; default {@link Need#OPTIONAL}
   * @param roles one of which the caller needs; empty means none
   * @param allow client address blocks; empty means all
   * @param deny client address blocks, stronger than {@code allow}
   */
  public record Access(Need identity, List<String> roles, List<Cidr> allow, List<Cidr> deny) {}

  /** Whether a route needs a known caller. */
  public enum Need {
    REQUIRED,
    OPTIONAL,
    NONE
  }

  /**
   * Changes to the request line and host on the way up.
   *
   * @param prefix replaces the matched prefix or is null to keep it
   * @param path whole new path with {@code {name}} of the template, or null to keep it
   * @param host new Host header, or null to pass the client's
   */
  public record Rewrite(@Nullable String prefix, @Nullable String path, @Nullable String host) {}

  /**
   * Header changes, applied in this order.
   *
   * @param remove names
   * @param set replaces all values of a name
   * @param add a further value
   */
  public record HeaderEdits(List<String> remove, Map<String, String> set, Map<String, String> add) {
    public static final HeaderEdits NONE = new HeaderEdits(List.of(), Map.of(), Map.of());

    public boolean isEmpty() {
      return remove.isEmpty() && set.isEmpty() && add.isEmpty();
    }
  }

  /**
   * Cross-origin policy; preflights are answered by the gateway.
   *
   * @param origins exact, {@code https://*.avalo.app}, or {@code *} (not with credentials)
   * @param methods allowed
   * @param headers request headers allowed
   * @param exposed response headers scripts may read
   * @param credentials whether cookies go along
   * @param maxAge how long a browser keeps the answer; default 10 min
   */
  public record Cors(
      List<String> origins,
      List<String> methods,
      List<String> headers,
      List<String> exposed,
      boolean credentials,
      Duration maxAge) {}
}
