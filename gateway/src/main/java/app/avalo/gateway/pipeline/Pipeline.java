package app.avalo.gateway.pipeline;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The way of an exchange through all filters and back. */
public final class Pipeline {
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
      next = new Frame(this.filters[i], next);
    }
    this.first = next;
  }

  private record Frame(Filter filter, Next next) implements Next {
    @Override
    public void proceed(Exchange exchange) {
      filter.request(exchange, next);
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
      forwarder.accept(exchange);
    }

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      replies.accept(exchange, reply);
    }
  }

  /** Sends an exchange on its way. */
  public void run(Exchange exchange) {
    first.proceed(exchange);
  }

  /** Lets every filter edit the head of an answer, last filter first. */
  public void response(Exchange exchange, Reply reply) {
    for (int i = filters.length - 1; i >= 0; i--) {
      filters[i].response(exchange, reply);
    }
  }

  /** Lets every filter settle, last filter first. */
  public void end(Exchange exchange) {
    for (int i = filters.length - 1; i >= 0; i--) {
      filters[i].end(exchange);
    }
  }
}
