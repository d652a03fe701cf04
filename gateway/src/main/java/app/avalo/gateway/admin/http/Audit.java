package app.avalo.gateway.admin.http;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** One line per attempt to write, whatever came of it. */
final class Audit {
  private static final Logger LOG = LoggerFactory.getLogger("app.avalo.gateway.audit");

  private Audit() {}

  /**
   * Writes the line.
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
        .addKeyValue("reason", call.reason())
        .addKeyValue("outcome", outcome)
        .addKeyValue("status", status)
        .addKeyValue("client", Gate.peer(call.context().request()))
        .addKeyValue("requestId", call.id())
        .log("admin write");
  }
}
