package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.Band;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of {@code bucket.lua} for buckets of one shape. */
final class BucketCall {
  private final ScriptRunner redis;
  private final String prefix;
  private final Shape shape;
  private final List<String> words; // of the shape

  BucketCall(ScriptRunner redis, String prefix, Shape shape) {
    this.redis = redis;
    this.prefix = prefix;
    this.shape = shape;
    this.words = words(shape);
  }

  private static List<String> words(Shape shape) {
    List<String> words = new ArrayList<>();
    words.add(Integer.toString(shape.bands()));
    for (int i = 0; i < shape.bands(); i++) {
      Band band = shape.band(i);
      words.add(Long.toString(band.unitsPerToken()));
      words.add(Long.toString(band.unitsPerMicro()));
      words.add(Long.toString(band.capacityUnits()));
      words.add(Long.toString(shape.leftUnits(i)));
      words.add(Long.toString(band.periodMicros()));
    }
    return List.copyOf(words);
  }

  /**
   * What Redis said.
   *
   * @param tokens granted
   * @param missing units by band afterwards
   */
  record Grant(long tokens, long[] missing) {}

  String name(BucketKey key) {
    return key.inRedis(prefix + ":rl:");
  }

  /**
   * What to do with a bucket: take all tokens that are wanted or as many as there are, but none if
   * those are fewer than the least.
   *
   * @param wanted below zero: to give back
   * @param owed tokens that were let pass without asking
   * @param known units that are missing for sure, when the bucket's past may be lost, or null
   */
  record Wish(long wanted, long least, long owed, long @Nullable [] known) {
    /** What nearly all want: one token, and nothing else is to be said. */
    private static final Wish USUAL = new Wish(1, 1, 0, null);

    static Wish of(long wanted, long least, long owed, long @Nullable [] known) {
      return wanted == 1 && least == 1 && owed == 0 && known == null
          ? USUAL
          : new Wish(wanted, least, owed, known);
    }

    static Wish only(long tokens) {
      return of(tokens, Math.max(0, tokens), 0, null);
    }

    /** As the script has it. */
    String word() {
      if (this == USUAL) {
        return "";
      }
      StringBuilder word = new StringBuilder(48);
      word.append(wanted).append(':').append(least).append(':').append(owed);
      for (int i = 0; known != null && i < known.length; i++) {
        word.append(':').append(known[i]);
      }
      return word.toString();
    }
  }

  /** However late the answer comes: what was granted has to be used or given back. */
  Future<List<Grant>> take(List<String> names, List<Wish> wishes) {
    return redis.send(Scripts.BUCKET, names, arguments("", "", wishes)).map(this::grants);
  }

  /** As {@link #take}, but takes nothing, and does not wait. */
  Future<Grant> look(String name, long wanted) {
    return redis
        .run(Scripts.BUCKET, List.of(name), arguments("", "1", List.of(Wish.only(wanted))))
        .map(answer -> grants(answer).get(0));
  }

  List<String> arguments(String micros, String looking, List<Wish> wishes) {
    List<String> arguments = new ArrayList<>(2 + words.size() + wishes.size());
    arguments.add(micros);
    arguments.add(looking);
    arguments.addAll(words);
    boolean usual = true;
    for (int i = 0; i < wishes.size(); i++) {
      usual &= wishes.get(i) == Wish.USUAL;
    }
    for (int i = 0; i < wishes.size() && !usual; i++) {
      arguments.add(wishes.get(i).word());
    }
    return arguments;
  }

  /** One for each wish. */
  List<Grant> grants(Response answer) {
    Numbers numbers = new Numbers(answer.toString());
    List<Grant> grants = new ArrayList<>();
    while (numbers.more()) {
      long tokens = numbers.next();
      long[] missing = new long[shape.bands()];
      for (int band = 0; band < missing.length; band++) {
        missing[band] = shape.band(band).capacityUnits() - numbers.next();
      }
      grants.add(new Grant(tokens, missing));
    }
    return grants;
  }

  /** Numbers with a blank between each two: as elements of an answer each would cost far more. */
  private static final class Numbers {
    private final String text;
    private int at;

    Numbers(String text) {
      this.text = text;
    }

    boolean more() {
      return at < text.length();
    }

    long next() {
      int blank = text.indexOf(' ', at);
      int end = blank < 0 ? text.length() : blank;
      long number = Long.parseLong(text, at, end, 10);
      at = end + 1;
      return number;
    }
  }

  /** However late the answer comes: an operator waits rather than hear that what is done failed. */
  Future<Void> reset(String name) {
    return redis.send(Scripts.RESET, List.of(name), List.of()).mapEmpty();
  }
}
