package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Rate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a route leads to, present in one or more regions.
 *
 * @param name as in the YAML key
 * @param priority who is served first when not all can be; default {@link Priority#NORMAL}
 * @param protocol what its endpoints speak; default {@link Protocol#HTTP1}
 * @param regions its endpoints by region name, at least one region with at least one endpoint
 * @param upstreamTls how https endpoints are checked
 * @param health how an endpoint shows that it is alive
 * @param timeouts defaults of its routes
 * @param retry defaults of its routes
 * @param balance which of its endpoints and regions takes a request
 * @param pin how its users are bound to a region, or null when any region will do
 * @param residency whether {@link PlacingConfig.Residency} rules apply to it; default false
 * @param limits names of limits that apply to every route of it
 * @param webSocket ceilings for WebSockets to it
 * @param streams ceilings for event streams and gRPC calls to it
 * @param targets what the platform promises for it; shown and alerted on, not enforced
 */
public record ServiceConfig(
    String name,
    Priority priority,
    Protocol protocol,
    Map<String, List<Endpoint>> regions,
    UpstreamTls upstreamTls,
    HealthCheck health,
    Timeouts timeouts,
    Retry retry,
    Balance balance,
    @Nullable Pin pin,
    boolean residency,
    List<String> limits,
    WebSocket webSocket,
    Streams streams,
    Targets targets) {

  /** Priority class, highest first. */
  public enum Priority {
    CRITICAL,
    HIGH,
    NORMAL,
    LOW
  }

  /** What endpoints speak. */
  public enum Protocol {
    /** HTTP/1.1, a connection per request at a time. */
    HTTP1,
    /** HTTP/2, few connections for all requests: by ALPN over TLS, else by prior knowledge. */
    HTTP2
  }

  /**
   * One address of a service in a region.
   *
   * @param tls whether it is https
   * @param host name or address
   * @param port 1 to 65535
   * @param weight share of the region's traffic relative to its neighbours; default 1
   */
  public record Endpoint(boolean tls, String host, int port, int weight) {
    /** The endpoint as operators write it: {@code http://host:port}. */
    public String url() {
      return (tls ? "https://" : "http://")
          + (host.indexOf(':') >= 0 ? "[" + host + "]" : host)
          + ":"
          + port;
    }
  }

  /**
   * Trust in https endpoints.
   *
   * @param ca PEM file of the authorities, or null for the system's
   * @param serverName name expected in the certificate, or null for the endpoint's host
   * @param verify false accepts any certificate; for development only; default true
   * @param own certificate that is shown to endpoints that ask for one, or null
   * @param handshakeTimeout from the open connection to the end of the handshake; default 1 s
   */
  public record UpstreamTls(
      @Nullable Path ca,
      @Nullable String serverName,
      boolean verify,
      ListenerConfig.@Nullable KeyPair own,
      Duration handshakeTimeout) {}

  /**
   * Active check.
   *
   * @param kind what is done; default {@link CheckKind#HTTP}
   * @param ask what is asked over HTTP
   * @param expect what answers mean alive over HTTP
   * @param times when, and how long
   * @param failures checks in a row that convict a suspect; default 10
   * @param successes checks in a row that bring it back; default 5
   */
  public record HealthCheck(
      CheckKind kind,
      CheckRequest ask,
      CheckAnswer expect,
      CheckTimes times,
      int failures,
      int successes) {

    /** The same check at other times. */
    public HealthCheck at(CheckTimes times) {
      return new HealthCheck(kind, ask, expect, times, failures, successes);
    }
  }

  /** What a check does. */
  public enum CheckKind {
    /** A GET on a fresh connection. */
    HTTP,
    /** A PING on an HTTP/2 connection that is kept; nothing but the transport is proved. */
    HTTP2_PING,
    /** Opens a connection, with TLS where the endpoint has it, and closes it. */
    TCP
  }

  /**
   * What a check asks over HTTP.
   *
   * @param path default {@code /health}
   * @param host Host header, or null for the endpoint's own
   * @param headers more header fields; default none
   */
  public record CheckRequest(String path, @Nullable String host, Map<String, String> headers) {}

  /**
   * What answer to a check means alive.
   *
   * @param statuses default 200 to 299
   * @param body text that must occur in the first 64 KiB of the body, or null
   */
  public record CheckAnswer(StatusRange statuses, @Nullable String body) {}

  /**
   * Times of a check.
   *
   * @param interval between checks of a healthy endpoint; default 10 s
   * @param heartbeat the same where users are bound to a region, if it is shorter; default 500 ms
   * @param timeout longest time of one check; shorter where checks answer fast; default 800 ms
   * @param burstInterval between checks once an endpoint is suspected; default 200 ms
   */
  public record CheckTimes(
      Duration interval, Duration heartbeat, Duration timeout, Duration burstInterval) {

    /** At the pace of the heartbeat. */
    public CheckTimes watchful() {
      Duration shorter = heartbeat.compareTo(interval) < 0 ? heartbeat : interval;
      return new CheckTimes(shorter, heartbeat, timeout, burstInterval);
    }

    /** With another time-out. */
    public CheckTimes within(Duration timeout) {
      return new CheckTimes(interval, heartbeat, timeout, burstInterval);
    }
  }

  /**
   * Inclusive range of HTTP status codes.
   *
   * @param from lowest
   * @param to highest
   */
  public record StatusRange(int from, int to) {
    public boolean contains(int status) {
      return status >= from && status <= to;
    }
  }

  /**
   * How long each stage of a request may take.
   *
   * @param connect to an endpoint, without TLS; default 500 ms
   * @param attempt from sending a request to the first byte of its answer, while another region
   *     could still be tried; default 800 ms
   * @param idle between two bytes of a body; default 60 s
   * @param total from the request head to the last byte of the answer, WebSockets and event streams
   *     excepted; default 30 s
   * @param tcpUserTimeout data that an endpoint's kernel does not take for so long ends the
   *     connection; default 30 s
   */
  public record Timeouts(
      Duration connect, Duration attempt, Duration idle, Duration total, Duration tcpUserTimeout) {}

  /**
   * When a request may be sent again. A request of which nothing was sent may always move on.
   *
   * @param attempts in all, the first included; 1 switches retries off; default 3
   * @param methods methods that may be sent twice; default GET HEAD OPTIONS TRACE PUT DELETE
   * @param statuses upstream answers that count as a failed attempt; default 502 503 504
   * @param idempotencyKeys whether a POST or PATCH with {@code Idempotency-Key} may be sent twice,
   *     because the service knows the key again, in every region; default false
   * @param hedge whether a second region is asked as well once an answer is later than nearly all
   *     before it; default true
   * @param hold whether the beginning of an answer is held back for a moment, so that one that
   *     breaks off can be replaced; default true
   */
  public record Retry(
      int attempts,
      Set<String> methods,
      Set<Integer> statuses,
      boolean idempotencyKeys,
      boolean hedge,
      boolean hold) {}

  /**
   * Which endpoint, and of regions as good as each other which one, takes a request.
   *
   * @param by what decides; default {@link By#LOAD}
   * @param name of the header or cookie, null for the other kinds
   * @param slowStart from first use, or return, of an endpoint to its full share; default 10 s
   * @param capacity requests in flight that a region takes from one gateway, by name; regions
   *     without one are taken to be large enough
   */
  public record Balance(
      By by, @Nullable String name, Duration slowStart, Map<String, Integer> capacity) {}

  /** What decides between endpoints. */
  public enum By {
    /** How fast they answer and how much they have to do. */
    LOAD,
    /** Who asks: user, API key or address. */
    CALLER,
    /** The value of a header. */
    HEADER,
    /** The value of a cookie. */
    COOKIE
  }

  /**
   * Binding of a user to one region.
   *
   * @param group services of one group share a user's pin; default the service's name
   * @param contract when the pin may move
   * @param by who counts as one user
   * @param header whose value does, for {@link PinBy#HEADER}, or null
   * @param ready path that each endpoint of a region answers well, when asked, while users may come
   *     back to it; null for always
   */
  public record Pin(
      String group, Contract contract, PinBy by, @Nullable String header, @Nullable String ready) {

    /** One of callers, who may always come back. */
    public Pin(String group, Contract contract) {
      this(group, contract, PinBy.CALLER, null, null);
    }
  }

  /** Who is bound. */
  public enum PinBy {
    /** The known user, else the API key, else a session. */
    CALLER,
    /** A session of its own, whoever is logged in. */
    SESSION,
    /** Whatever a header of a known caller names; without it the caller. */
    HEADER
  }

  /** When a pin may move to another region. */
  public enum Contract {
    /** Moves when its region is lost and stays there: chat. */
    MOVE,
    /** Stays while the session lives, new sessions follow health: calls. */
    STAY,
    /** One home; refused rather than served by a region that might not be the owner: wallet. */
    SINGLE_HOME
  }

  /**
   * Ceilings for WebSockets of one gateway.
   *
   * @param connections open at once to this service; default 1000
   * @param connectionsPerUser open at once to this service for one known user, else for one API
   *     key; default 100
   * @param messages messages of one connection; default 100/s
   * @param messagesPerUser messages of all connections of one of these to this service, or null
   * @param channels open at once on one connection whose sub-protocol shows them; 0, the default,
   *     for any number
   * @param idleTimeout without a frame either way; default 5 min
   */
  public record WebSocket(
      int connections,
      int connectionsPerUser,
      Rate messages,
      @Nullable Rate messagesPerUser,
      int channels,
      Duration idleTimeout) {}

  /**
   * Ceilings for answers that may go on: event streams from their head on, and gRPC calls, of one
   * gateway.
   *
   * @param open at once to this service; default 10000
   * @param openPerUser open at once to this service for one known user, else for one API key;
   *     default 100
   */
  public record Streams(int open, int openPerUser) {}

  /**
   * Promises of the platform.
   *
   * @param latency 95th percentile, or null
   * @param errorRatio share of failed requests, 0 to 1, or null
   * @param recovery longest time until a lost region's users are served elsewhere, or null
   */
  public record Targets(
      @Nullable Duration latency, @Nullable Double errorRatio, @Nullable Duration recovery) {}
}
