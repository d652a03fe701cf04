package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import java.time.Duration;
import java.util.function.Consumer;

/** Asks an endpoint whether it is alive. */
@FunctionalInterface
public interface Prober {
  /**
   * Starts one check. The result arrives exactly once, on the loop that asked, never later than the
   * check's time-out.
   */
  void probe(Target target, Consumer<Result> done);

  /**
   * What is asked.
   *
   * @param protocol what the endpoint speaks
   * @param endpoint where to connect
   * @param tls how an https endpoint is trusted
   * @param check request, acceptable answers and time-out
   */
  record Target(Protocol protocol, Endpoint endpoint, UpstreamTls tls, HealthCheck check) {
    /** The same with another time-out. */
    public Target within(Duration timeout) {
      return new Target(protocol, endpoint, tls, check.at(check.times().within(timeout)));
    }
  }

  /**
   * What came of it.
   *
   * @param outcome alive or not, and how sure
   * @param detail for operators, for example {@code 503} or {@code connection refused}
   * @param roundTripNanos from asking over an open connection to the first of the answer; 0 where
   *     that was not measured
   */
  record Result(Outcome outcome, String detail, long roundTripNanos) {
    /** Nothing measured. */
    public Result(Outcome outcome, String detail) {
      this(outcome, detail, 0);
    }

    /** Whether the endpoint answers as it should. */
    public boolean ok() {
      return outcome == Outcome.OK;
    }

    /** Whether it is there, if only to ask to be left. */
    public boolean isAlive() {
      return ok() || outcome == Outcome.DRAINING;
    }
  }

  /** How a check ends. */
  enum Outcome {
    /** A complete answer of the kind that is expected. */
    OK,
    /** It asks to be left: 503 with {@code Retry-After}. */
    DRAINING,
    /** Nothing in time, or no way there: if that is true of many, this machine is cut off. */
    SILENT,
    /** A wrong status or body, or no HTTP. */
    MISSED,
    /** Refused, reset or closed: nobody serves there, which needs less repetition to believe. */
    REFUSED
  }
}
