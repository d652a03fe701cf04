package app.avalo.gateway.filter;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.RequestView;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.config.text.QueryString;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.client.ClientCertificate;
import app.avalo.gateway.filter.client.GrpcCall;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request in flight: what arrived, what each filter found out, how it ended. Confined to one
 * event loop. Every field has one writer, named beside it; the architecture test holds them to it.
 */
public final class Exchange implements RequestView {
  private static final List<LimitVerdict> NONE = List.of();

  private final Plan plan;
  private final Head head;
  private final @Nullable HttpServerRequest request;
  private final @Nullable Explanation explanation;
  private final long startNanos;
  private final @Nullable GrpcCall grpc;

  private @Nullable ClientCertificate clientCertificate; // edge
  private ListenerConfig.@Nullable Bounds bounds; // edge
  private int roundTripMicros; // edge
  private @Nullable Route route; // edge
  private @Nullable Target target; // edge, or split where the route has several
  private long deadlineNanos; // edge
  private Caller caller = Caller.ANONYMOUS; // identity
  private @Nullable LimitVerdict limit; // limit, where it is the only one
  private List<LimitVerdict> limits = NONE; // limit
  private boolean unsettled; // limit
  private Place place = Place.UNKNOWN; // geo
  private @Nullable RegionPreference preference; // geo
  private @Nullable Pinned pin; // pin, and the forwarder after a move
  private @Nullable BudgetHold budget; // budget
  private @Nullable Region region; // forwarder: the region that serves, or served last
  private int attempts; // forwarder
  private int hedges; // forwarder
  private int sends; // forwarder
  private long askedNanos; // forwarder
  private long firstByteNanos; // forwarder
  private @Nullable MultiMap trailers; // forwarder
  private int status; // edge
  private long bytesIn; // edge
  private long bytesOut; // edge
  private long endNanos; // edge
  private @Nullable GatewayError error; // edge: what the client was told, or why it was cut off

  /**
   * What arrived.
   *
   * @param method as sent
   * @param host without port, lower case
   * @param path normalised
   * @param queryString raw, without the question mark, or null
   * @param headers as sent, internal ones already stripped
   * @param client address taken from trusted hops only
   * @param viaTrustedHop whether the peer is a trusted hop
   * @param secure whether the client spoke TLS, to us or to a trusted hop
   * @param id request id, from a trusted hop or made here
   */
  public record Head(
      String method,
      String host,
      String path,
      @Nullable String queryString,
      MultiMap headers,
      IpAddress client,
      boolean viaTrustedHop,
      boolean secure,
      String id) {}

  private Exchange(
      Plan plan,
      Head head,
      @Nullable HttpServerRequest request,
      @Nullable Explanation explanation,
      long startNanos) {
    this.plan = plan;
    this.head = head;
    this.request = request;
    this.explanation = explanation;
    this.startNanos = startNanos;
    this.grpc = request == null ? null : GrpcCall.of(request, head.headers());
  }

  /** A request that arrived on a socket. */
  public static Exchange live(Plan plan, Head head, HttpServerRequest request, long startNanos) {
    return new Exchange(plan, head, request, null, startNanos);
  }

  /** A request that is only asked about; nothing may be consumed or sent for it. */
  public static Exchange explained(Plan plan, Head head, long startNanos) {
    return new Exchange(plan, head, null, new Explanation(), startNanos);
  }

  public Plan plan() {
    return plan;
  }

  public Head head() {
    return head;
  }

  /** The request on its socket; null when it is only explained. */
  public @Nullable HttpServerRequest request() {
    return request;
  }

  /** Whether this exchange is only asked about. */
  public boolean explaining() {
    return explanation != null;
  }

  /** Where the reasons go; null for live exchanges. */
  public @Nullable Explanation explanation() {
    return explanation;
  }

  /** The gRPC call that it is, or null; always null when it is only explained. */
  public @Nullable GrpcCall grpc() {
    return grpc;
  }

  public long startNanos() {
    return startNanos;
  }

  @Override
  public String method() {
    return head.method();
  }

  @Override
  public String host() {
    return head.host();
  }

  @Override
  public String path() {
    return head.path();
  }

  @Override
  public @Nullable String header(String name) {
    return head.headers().get(name);
  }

  @Override
  public @Nullable String query(String name) {
    return head.queryString() == null ? null : QueryString.first(head.queryString(), name);
  }

  @Override
  public IpAddress client() {
    return head.client();
  }

  /** Who the client proved to be by TLS, or null; set before the first filter runs. */
  public @Nullable ClientCertificate clientCertificate() {
    return clientCertificate;
  }

  public void clientCertificate(@Nullable ClientCertificate verified) {
    this.clientCertificate = verified;
  }

  /** What the listener that it came by allows; only of live exchanges. */
  public ListenerConfig.Bounds bounds() {
    return Objects.requireNonNull(bounds);
  }

  public void bounds(ListenerConfig.Bounds bounds) {
    this.bounds = bounds;
  }

  /** Round trip of the client's connection, with one exchange of each; 0 where nobody knows. */
  public int roundTripMicros() {
    return roundTripMicros;
  }

  public void roundTripMicros(int micros) {
    this.roundTripMicros = micros;
  }

  /** The route; set before the first filter runs. */
  public Route route() {
    return Objects.requireNonNull(route, "no route yet");
  }

  /** Whether a route was found. */
  public boolean routed() {
    return route != null;
  }

  /**
   * Where the route leads, or null for a redirect or fixed answer, and until the split of a route
   * with several.
   */
  public @Nullable Target target() {
    return target;
  }

  public void routeTo(Route route) {
    this.route = route;
    this.target = route.targets().size() == 1 ? route.targets().get(0) : null;
  }

  public void splitTo(Target target) {
    this.target = target;
  }

  /** On the ticker's clock; no attempt may go on after it. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  public void deadlineNanos(long nanos) {
    this.deadlineNanos = nanos;
  }

  public Caller caller() {
    return caller;
  }

  public void caller(Caller caller) {
    this.caller = caller;
  }

  /** What each bucket said, in the order asked; the refusing one is last. */
  public List<LimitVerdict> limits() {
    return limit == null ? limits : List.of(limit);
  }

  /** What the bucket said, if only one was asked and has let it pass. */
  public @Nullable LimitVerdict limit() {
    return limit;
  }

  /** Whether buckets were asked. */
  public boolean limited() {
    return limit != null || limits != NONE;
  }

  public void limit(LimitVerdict only) {
    this.limit = only;
  }

  public void limits(List<LimitVerdict> verdicts) {
    boolean one = verdicts.size() == 1;
    this.limit = one ? verdicts.get(0) : null;
    this.limits = one ? NONE : verdicts;
  }

  /** Whether what it costs its limits, or tells them, is known only by its answer. */
  public boolean unsettled() {
    return unsettled;
  }

  public void settledByAnswer() {
    this.unsettled = true;
  }

  public Place place() {
    return place;
  }

  /** The regions to try, or null while unplaced and for routes without a service. */
  public @Nullable RegionPreference preference() {
    return preference;
  }

  /** Of exchanges that lead to no service. */
  public void placed(Place place) {
    this.place = place;
  }

  public void placed(Place place, RegionPreference preference) {
    this.place = place;
    this.preference = preference;
  }

  /** The user's binding, or null for services that do not pin. */
  public @Nullable Pinned pin() {
    return pin;
  }

  public void pin(Pinned pin) {
    this.pin = pin;
  }

  public @Nullable BudgetHold budget() {
    return budget;
  }

  public void budget(BudgetHold hold) {
    this.budget = hold;
  }

  /** The region that serves or served last, or null. */
  public @Nullable Region region() {
    return region;
  }

  /** How often an endpoint was tried, with or without a connection. */
  public int attempts() {
    return attempts;
  }

  public void attempt(Region region) {
    this.region = region;
    attempts++;
  }

  /** How many of the attempts were made because another one was late, beside it. */
  public int hedges() {
    return hedges;
  }

  /** The last attempt is made beside another one. */
  public void hedged() {
    hedges++;
  }

  /** Of several regions that were asked at once this one answered. */
  public void servedBy(Region region) {
    this.region = region;
  }

  /** Whether the request went onto a connection, so that an upstream may have worked on it. */
  public boolean wasSent() {
    return sends > 0;
  }

  public void sent() {
    sends++;
  }

  /** The upstream that the request was sent to last did nothing with it. */
  public void unsent() {
    sends--;
  }

  /** When an upstream had been sent all of the request, body and all, for the first time; or 0. */
  public long askedNanos() {
    return askedNanos;
  }

  public void asked(long nanos) {
    if (askedNanos == 0) {
      askedNanos = nanos;
    }
  }

  /** When the upstream's answer began, or 0. */
  public long firstByteNanos() {
    return firstByteNanos;
  }

  public void firstByteNanos(long nanos) {
    this.firstByteNanos = nanos;
  }

  /** What the upstream said behind its answer, or null. */
  public @Nullable MultiMap trailers() {
    return trailers;
  }

  public void trailers(MultiMap trailers) {
    this.trailers = trailers;
  }

  /** Status sent to the client, 0 before. */
  public int status() {
    return status;
  }

  public void status(int status) {
    this.status = status;
  }

  /** Body bytes received from the client. */
  public long bytesIn() {
    return bytesIn;
  }

  public void addBytesIn(long bytes) {
    bytesIn += bytes;
  }

  /** Body bytes sent to the client. */
  public long bytesOut() {
    return bytesOut;
  }

  public void addBytesOut(long bytes) {
    bytesOut += bytes;
  }

  /** When it was over, on the ticker's clock; 0 before. */
  public long endNanos() {
    return endNanos;
  }

  /** Why it failed, or null. */
  public @Nullable GatewayError error() {
    return error;
  }

  public void failed(GatewayError error) {
    this.error = error;
  }

  public void ended(long nanos) {
    this.endNanos = nanos;
  }
}
