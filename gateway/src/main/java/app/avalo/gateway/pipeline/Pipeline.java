package app.avalo.gateway.pipeline;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of an exchange through all filters and back. A filter that throws costs its own exchange
 * an answer and nothing else: later filters still settle, and nothing stays in flight.
 */
public final class Pipeline {
  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);
  private final Filter[] filters;
  private final Next first;

  /**
   * Links the filters.
   *
   * @param filters in the order in which they see a request
   * @param terminal what happens after the last one
   * @param replies what happens to a local reply
   */
  public Pipeline(
      List<Filter> filters,
      Consumer<Exchange> terminal,
      BiConsumer<Exchange, Reply.Local> replies) {
    this.filters = filters.toArray(Filter[]::new);
    Next next = new Terminal(terminal, replies);
    for (int i = this.filters.length - 1; i >= 0; i--) {
      next = new Frame(this.filters[i], next, replies);
    }
    this.first = next;
  }

  private record Frame(Filter filter, Next next, BiConsumer<Exchange, Reply.Local> replies)
      implements Next {
    @Override
    public void proceed(Exchange exchange) {
      try {
        filter.request(exchange, next);
      } catch (RuntimeException defect) {
        failed(exchange, replies, defect);
      }
    }

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      next.reply(exchange, reply);
    }
  }

  private record Terminal(Consumer<Exchange> forwarder, BiConsumer<Exchange, Reply.Local> replies)
      implements Next {
    @Override
    public void proceed(Exchange exchange) {
      try {
        forwarder.accept(exchange);
      } catch (RuntimeException defect) {
        failed(exchange, replies, defect);
      }
    }

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      replies.accept(exchange, reply);
    }
  }

  private static void failed(
      Exchange exchange, BiConsumer<Exchange, Reply.Local> replies, RuntimeException defect) {
    log(exchange, defect);
    replies.accept(
        exchange, Reply.Local.of(new GatewayError(Kind.INTERNAL, "The gateway made a mistake.")));
  }

  private static void log(Exchange exchange, RuntimeException defect) {
    LOG.atError()
        .setCause(defect)
        .addKeyValue("requestId", exchange.head().id())
        .log("a filter failed");
  }

  /** Sends an exchange on its way. */
  public void run(Exchange exchange) {
    first.proceed(exchange);
  }

  /** Lets every filter edit the head of an answer, last filter first. */
  public void response(Exchange exchange, Reply reply) {
    for (int i = filters.length - 1; i >= 0; i--) {
      try {
        filters[i].response(exchange, reply);
      } catch (RuntimeException defect) {
        log(exchange, defect);
      }
    }
  }

  /** Lets every filter settle, last filter first. */
  public void end(Exchange exchange) {
    for (int i = filters.length - 1; i >= 0; i--) {
      try {
        filters[i].end(exchange);
      } catch (RuntimeException defect) {
        log(exchange, defect);
      }
    }
  }
}
