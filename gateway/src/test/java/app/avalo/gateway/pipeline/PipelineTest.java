package app.avalo.gateway.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PipelineTest {
  private final List<String> events = new ArrayList<>();

  /** Writes down what it sees; misbehaves where told. */
  private class Noting implements Filter {
    private final String name;
    private final String failsIn;

    Noting(String name, String failsIn) {
      this.name = name;
      this.failsIn = failsIn;
    }

    private void note(String what) {
      events.add(name + " " + what);
      if (failsIn.equals(what)) {
        throw new IllegalStateException("on purpose");
      }
    }

    @Override
    public void request(Exchange exchange, Next next) {
      note("request");
      next.proceed(exchange);
    }

    @Override
    public void response(Exchange exchange, Reply reply) {
      note("response");
    }

    @Override
    public void end(Exchange exchange) {
      note("end");
    }
  }

  private Pipeline pipeline(Filter... filters) {
    return new Pipeline(
        List.of(filters),
        exchange -> events.add("forward"),
        (exchange, reply) -> events.add("reply " + reply.status()));
  }

  private static Exchange exchange() {
    return Exchanges.on(Plans.minimal()).live();
  }

  @Test
  void requests_go_down_the_list_and_answers_and_ends_come_back_up() {
    Pipeline pipeline = pipeline(new Noting("a", ""), new Noting("b", ""));
    Exchange exchange = exchange();
    pipeline.run(exchange);
    pipeline.response(exchange, Reply.Local.empty(200));
    pipeline.end(exchange);

    assertThat(events)
        .containsExactly(
            "a request", "b request", "forward", "b response", "a response", "b end", "a end");
  }

  @Test
  void a_reply_ends_the_way_down_and_is_given_once() {
    Filter refusing = (exchange, next) -> next.reply(exchange, Reply.Local.empty(429));
    pipeline(new Noting("a", ""), refusing, new Noting("c", "")).run(exchange());

    assertThat(events).containsExactly("a request", "reply 429");
  }

  @Test
  void a_filter_that_fails_is_answered_with_500_once() {
    pipeline(new Noting("a", ""), new Noting("b", "request"), new Noting("c", "")).run(exchange());

    assertThat(events).containsExactly("a request", "b request", "reply 500");
  }

  @Test
  void a_filter_that_fails_later_on_its_own_is_answered_too() {
    List<Runnable> later = new ArrayList<>();
    Filter slow = (exchange, next) -> later.add(() -> next.proceed(exchange));
    pipeline(slow, new Noting("b", "request")).run(exchange());
    later.get(0).run();

    assertThat(events).containsExactly("b request", "reply 500");
  }

  @Test
  void filters_that_fail_on_the_way_back_keep_no_other_from_its_turn() {
    Pipeline pipeline =
        pipeline(new Noting("a", ""), new Noting("b", "response"), new Noting("c", "end"));
    Exchange exchange = exchange();
    pipeline.response(exchange, Reply.Local.empty(200));
    pipeline.end(exchange);

    assertThat(events)
        .containsExactly("c response", "b response", "a response", "c end", "b end", "a end");
  }
}
