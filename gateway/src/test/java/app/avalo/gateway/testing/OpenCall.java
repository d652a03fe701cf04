package app.avalo.gateway.testing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A gRPC call that stays open both ways, from its first message on. */
public final class OpenCall implements StreamObserver<String> {
  private final CompletableFuture<String> first = new CompletableFuture<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final StreamObserver<String> up;

  /** Sends a message; the answer is "re: " and the message. */
  public OpenCall(Channel channel, String message) {
    up =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(GrpcMethods.BOTH, CallOptions.DEFAULT), this);
    up.onNext(message);
  }

  /** What came first; waits for it. */
  public String first() {
    return first.orTimeout(10, TimeUnit.SECONDS).join();
  }

  /** How it ended; waits for it. */
  public Status ended() {
    return end.orTimeout(10, TimeUnit.SECONDS).join();
  }

  /** Sends no more. */
  public void complete() {
    up.onCompleted();
  }

  @Override
  public void onNext(String message) {
    first.complete(message);
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(Status.fromThrowable(failure));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }
}
