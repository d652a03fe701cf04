package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.shared.BucketCall.Grant;
import app.avalo.gateway.filter.limit.shared.BucketCall.Wish;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import io.vertx.core.Completable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Wishes for buckets of one shape that come up in one turn of the event loop and go to Redis in one
 * call. What a call costs a gateway is mostly the call: its writing to the socket and the reading
 * of the answer, and hardly what is in it. In a cluster buckets live on many nodes, so there each
 * goes alone.
 */
final class BucketBatch {
  /** Redis does nothing else meanwhile, so no call lasts longer than half a millisecond. */
  private static final int MOST = 32;

  private final BucketCall call;
  private final ScriptRunner redis;
  private final int most;
  private List<String> names;
  private List<Wish> wishes;
  private List<Completable<Grant>> askers;

  BucketBatch(BucketCall call, ScriptRunner redis) {
    this.call = call;
    this.redis = redis;
    this.most = redis.takesAnyKeys() ? MOST : 1;
    this.names = new ArrayList<>(most);
    this.wishes = new ArrayList<>(most);
    this.askers = new ArrayList<>(most);
  }

  /** Passes a wish on, at the end of this turn at the latest; its asker hears of it once. */
  void take(String name, Wish wish, Completable<Grant> asker) {
    StoreUnavailable refusal = redis.refusal();
    if (refusal != null) {
      asker.fail(refusal);
      return;
    }
    names.add(name);
    wishes.add(wish);
    askers.add(asker);
    if (names.size() >= most) {
      send();
    } else if (names.size() == 1) {
      redis.soon(this::send);
    }
  }

  private void send() {
    if (names.isEmpty()) {
      return; // it was full before the turn was over
    }
    List<Completable<Grant>> asking = askers;
    List<String> of = names;
    List<Wish> wished = wishes;
    askers = new ArrayList<>(most);
    names = new ArrayList<>(most);
    wishes = new ArrayList<>(most);
    call.take(of, wished).onComplete((grants, failure) -> answered(asking, grants, failure));
  }

  private static void answered(
      List<Completable<Grant>> asking, @Nullable List<Grant> grants, @Nullable Throwable failure) {
    for (int i = 0; i < asking.size(); i++) {
      asking.get(i).complete(grants == null ? null : grants.get(i), failure);
    }
  }
}
