package app.avalo.gateway.admin.http;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One line per attempt to write, whatever came of it, and per change of what clients may do that
 * the gateway decided on by itself.
 */
public final class Audit {
  private static final Logger LOG = LoggerFactory.getLogger("app.avalo.gateway.audit");

  private Audit() {}

  /**
   * The gateway did something by itself.
   *
   * @param action what, in a word
   * @param reason why
   */
  public static void automatic(String action, String target, String reason) {
    LOG.atInfo()
        .addKeyValue("who", "gateway")
        .addKeyValue("role", "automatic")
        .addKeyValue("action", action)
        .addKeyValue("target", target)
        .addKeyValue("reason", reason)
        .addKeyValue("outcome", "done")
        .log("automatic action");
  }

  /**
   * Somebody tried to change something.
   *
   * @param action what was tried, in a word
   * @param outcome {@code done}, or why it was refused
   */
  static void write(Call call, String action, int status, String outcome) {
    LOG.atLevel(status < 400 ? Level.INFO : Level.WARN)
        .addKeyValue("who", call.by())
        .addKeyValue("role", call.who().label())
        .addKeyValue("action", action)
        .addKeyValue("target", call.target())
        .addKeyValue("change", call.change())
        .addKeyValue("reason", call.reason())
        .addKeyValue("outcome", outcome)
        .addKeyValue("status", status)
        .addKeyValue("client", Gate.peer(call.context().request()))
        .addKeyValue("requestId", call.id())
        .log("admin write");
  }
}
