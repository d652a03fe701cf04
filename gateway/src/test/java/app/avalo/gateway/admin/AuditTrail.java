package app.avalo.gateway.admin;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** Keeps the audit lines of this JVM while it is open. */
public final class AuditTrail extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger("app.avalo.gateway.audit");
  private final List<Map<String, String>> lines = new CopyOnWriteArrayList<>();

  public AuditTrail() {
    logger.setLevel(ch.qos.logback.classic.Level.INFO);
    logger.setAdditive(false);
    logger.addAppender(this);
    start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    lines.add(
        event.getKeyValuePairs().stream()
            .collect(Collectors.toMap(pair -> pair.key, pair -> String.valueOf(pair.value))));
  }

  /** The lines of one request. */
  List<Map<String, String>> of(AdminClient.Answer answer) {
    String id = answer.header("x-request-id");
    return lines.stream().filter(line -> id.equals(line.get("requestId"))).toList();
  }

  public List<Map<String, String>> lines() {
    return lines;
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(null);
    logger.setAdditive(true);
    stop();
  }
}
