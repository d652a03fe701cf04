package app.avalo.gateway.filter.limit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A client that knows its limits by the text of answers only, and shares no code with what writes
 * them: how long it waits before its next request.
 */
public final class ObedientClient {
  private static final long SECOND = 1_000_000_000L;

  // RFC 9651: a list of strings with whole numbers for parameters, which is all these fields are.
  private static final Pattern MEMBER =
      Pattern.compile(
          "\\G\"(?<name>(?:[ !#-\\[\\]-~]|\\\\[\"\\\\])*)\"(?<parameters>(?:; *[a-z*][a-z0-9_.*-]*=-?\\d{1,15})*)");
  private static final Pattern PARAMETER = Pattern.compile("; *([^=]+)=(-?\\d+)");
  private static final Pattern COMMA = Pattern.compile("\\G[ \\t]*,[ \\t]*");
  private static final Pattern SECONDS = Pattern.compile("\\d{1,10}");

  /** What a client goes by. */
  public enum Obeys {
    /** Only {@code Retry-After}, once it was refused. */
    RETRY_AFTER,
    /** {@code RateLimit}: with less left than it needs it waits until it is told there are all. */
    RATE_LIMIT,
    /** {@code RateLimit-Policy}: it asks no more often than what is granted. */
    POLICY
  }

  private final Obeys obeys;
  private final long everyNanos;

  /**
   * A client.
   *
   * @param everyNanos its pace while nothing tells it to wait
   */
  public ObedientClient(Obeys obeys, long everyNanos) {
    this.obeys = obeys;
    this.everyNanos = everyNanos;
  }

  /**
   * How long it waits after an answer.
   *
   * @param header of the answer by name, or null
   * @param paid tokens that the request has cost
   * @param next tokens that the next will cost
   */
  public long waitNanos(int status, UnaryOperator<@Nullable String> header, long paid, long next) {
    Map<String, Map<String, Long>> policies = list(header.apply("RateLimit-Policy"));
    Map<String, Map<String, Long>> states = list(header.apply("RateLimit"));
    if (states.isEmpty() || !policies.keySet().containsAll(states.keySet())) {
      throw new IllegalArgumentException(states + " (expected some of " + policies + ")");
    }
    if (status == 429) {
      return SECOND * seconds(header.apply("Retry-After"));
    }
    return switch (obeys) {
      case RETRY_AFTER -> everyNanos;
      case RATE_LIMIT ->
          states.values().stream()
              .filter(state -> number(state, "r") < next)
              .mapToLong(state -> SECOND * number(state, "t"))
              .max()
              .orElse(everyNanos);
      case POLICY ->
          policies.values().stream()
              .mapToLong(each -> paced(paid, number(each, "q"), SECOND * number(each, "w")))
              .reduce(everyNanos, Math::max);
    };
  }

  private static long paced(long paid, long quota, long windowNanos) {
    return (paid * windowNanos + quota - 1) / quota;
  }

  /** Whether it was told when to come, so that a refusal of the next request breaks a promise. */
  public boolean isTold(int status) {
    return obeys != Obeys.RETRY_AFTER || status == 429;
  }

  private static long seconds(@Nullable String text) {
    if (text == null || !SECONDS.matcher(text).matches()) {
      throw new IllegalArgumentException("Retry-After: " + text + " (expected seconds)");
    }
    return Long.parseLong(text);
  }

  private static long number(Map<String, Long> parameters, String name) {
    Long value = parameters.get(name);
    if (value == null || value < 0) {
      throw new IllegalArgumentException(parameters + " (expected " + name + ")");
    }
    return value;
  }

  /** The parameters of each member by its name. */
  static Map<String, Map<String, Long>> list(@Nullable String field) {
    if (field == null) {
      throw new IllegalArgumentException("no field");
    }
    Map<String, Map<String, Long>> members = new HashMap<>();
    Matcher member = MEMBER.matcher(field);
    Matcher comma = COMMA.matcher(field);
    int at = 0;
    while (member.find(at)) {
      Map<String, Long> parameters = new HashMap<>();
      for (List<String> each : parameters(member.group("parameters"))) {
        parameters.put(each.get(0), Long.parseLong(each.get(1)));
      }
      members.put(member.group("name").replaceAll("\\\\(.)", "$1"), parameters);
      if (member.end() == field.length()) {
        return members;
      }
      if (!comma.find(member.end())) {
        break;
      }
      at = comma.end();
    }
    throw new IllegalArgumentException(field + " (expected a list of strings)");
  }

  private static List<List<String>> parameters(String text) {
    Stream<List<String>> found =
        PARAMETER.matcher(text).results().map(one -> List.of(one.group(1), one.group(2)));
    return found.toList();
  }
}
