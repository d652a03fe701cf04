package app.avalo.gateway.testing;

import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A gRPC service of four methods, one of each kind, whose messages are texts; trailers tell what
 * each call cost.
 */
public final class GrpcMethods {
  /** Answers what it is sent; {@code fail} fails, {@code silence} is never answered. */
  public static final MethodDescriptor<String, String> UNARY = method(MethodType.UNARY, "unary");

  /** Counts down from the number that it is sent, then ends; {@code die} ends in the middle. */
  public static final MethodDescriptor<String, String> DOWN =
      method(MethodType.SERVER_STREAMING, "down");

  /** Answers how many messages it was sent. */
  public static final MethodDescriptor<String, String> UP =
      method(MethodType.CLIENT_STREAMING, "up");

  /** Answers each message by itself. */
  public static final MethodDescriptor<String, String> BOTH =
      method(MethodType.BIDI_STREAMING, "both");

  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger cancelled = new AtomicInteger();
  private Runnable die = () -> {};

  private static MethodDescriptor<String, String> method(MethodType type, String name) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(type)
        .setFullMethodName("test.Text/" + name)
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();
  }

  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String text) {
      return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  /** What ends the service in the middle of an answer. */
  public void dieBy(Runnable how) {
    die = how;
  }

  public int calls() {
    return calls.get();
  }

  public int cancelled() {
    return cancelled.get();
  }

  public ServerServiceDefinition service() {
    return ServerInterceptors.intercept(methods(), new TellsItsCost());
  }

  private ServerServiceDefinition methods() {
    return ServerServiceDefinition.builder("test.Text")
        .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
        .addMethod(DOWN, ServerCalls.asyncServerStreamingCall(this::down))
        .addMethod(UP, ServerCalls.asyncClientStreamingCall(this::up))
        .addMethod(BOTH, ServerCalls.asyncBidiStreamingCall(this::both))
        .build();
  }

  /** Tells in trailers what each call cost. */
  private static final class TellsItsCost implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata head, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
              trailers.put(key("x-cost"), "0.25");
              trailers.put(key("x-tokens"), "1500");
              super.close(status, trailers);
            }
          },
          head);
    }

    private static Metadata.Key<String> key(String name) {
      return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }
  }

  private void watch(StreamObserver<String> answers) {
    calls.incrementAndGet();
    ((ServerCallStreamObserver<String>) answers).setOnCancelHandler(cancelled::incrementAndGet);
  }

  private void unary(String request, StreamObserver<String> answers) {
    watch(answers);
    switch (request) {
      case "fail" ->
          answers.onError(
              Status.FAILED_PRECONDITION.withDescription("not älways 100%").asException());
      case "silence" -> {}
      default -> {
        answers.onNext(request);
        answers.onCompleted();
      }
    }
  }

  private void down(String request, StreamObserver<String> answers) {
    watch(answers);
    boolean dies = request.equals("die");
    for (int i = dies ? 3 : Integer.parseInt(request); i > 0; i--) {
      answers.onNext("" + i);
    }
    if (dies) {
      die.run();
    } else {
      answers.onCompleted();
    }
  }

  private StreamObserver<String> up(StreamObserver<String> answers) {
    watch(answers);
    return new Received(answers) {
      private int count;

      @Override
      public void onNext(String message) {
        count++;
      }

      @Override
      public void onCompleted() {
        answers.onNext("" + count);
        answers.onCompleted();
      }
    };
  }

  private StreamObserver<String> both(StreamObserver<String> answers) {
    watch(answers);
    return new Received(answers) {
      @Override
      public void onNext(String message) {
        answers.onNext("re: " + message);
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  /** A stream of requests; when it breaks, nothing more is answered. */
  private abstract static class Received implements StreamObserver<String> {
    final StreamObserver<String> answers;

    Received(StreamObserver<String> answers) {
      this.answers = answers;
    }

    @Override
    public void onError(Throwable broken) {
      // The cancel handler counts it.
    }
  }
}
