package app.avalo.gateway.config.section;

import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.config.unit.Sizes;
import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Mark;
import app.avalo.gateway.config.yaml.Node;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A mapping being read, present or not. Reading a key that is absent gives the default; reading one
 * with a fault gives the default too, so that binding can go on.
 */
public final class Section {
  /** Stands for a value that has a fault; never leaves the binder. */
  public static final String FAULTY = "faulty";

  public static final String RATE = "a rate of at least 1 such as 100/min or 10/s";

  private static final Duration LONGEST = Duration.ofDays(3660);

  private final Node.@Nullable Mapping node;
  private final Mark mark;
  private final String path;
  private final Faults faults;
  private final @Nullable Section fallback;

  private Section(
      Node.@Nullable Mapping node,
      Mark mark,
      String path,
      Faults faults,
      @Nullable Section fallback) {
    this.node = node;
    this.mark = mark;
    this.path = path;
    this.faults = faults;
    this.fallback = fallback;
  }

  public static Section of(Node node, Faults faults) {
    Node.Mapping mapping = node instanceof Node.Mapping it ? it : null;
    return new Section(mapping, node.mark(), node.path(), faults, null);
  }

  /** The same section, where keys that are absent are read from another one. */
  public Section or(Section other) {
    return new Section(node, mark, path, faults, other);
  }

  public Faults faults() {
    return faults;
  }

  public boolean isPresent() {
    return node != null;
  }

  public boolean has(String key) {
    return node != null && node.get(key) != null;
  }

  /** The value of a key, here or in the fallback, or null. */
  public @Nullable Node node(String key) {
    Node own = node == null ? null : node.get(key);
    return own != null || fallback == null ? own : fallback.node(key);
  }

  public Section section(String key) {
    Node at = node == null ? null : node.get(key);
    String below = path.isEmpty() ? key : path + "." + key;
    return at == null ? new Section(null, mark, below, faults, null) : of(at, faults);
  }

  /** Items of a list, or the single value itself; nothing when absent. */
  public List<Node> list(String key) {
    Node at = node(key);
    if (at instanceof Node.Sequence sequence) {
      return sequence.items();
    }
    return at == null ? List.of() : List.of(at);
  }

  /** Sections of a list of mappings. */
  public List<Section> sections(String key) {
    return list(key).stream().map(item -> of(item, faults)).toList();
  }

  /** Entries of a mapping below a key. */
  public Map<String, Node.Entry> entries(String key) {
    return node(key) instanceof Node.Mapping mapping ? mapping.entries() : Map.of();
  }

  public void entries(String key, BiConsumer<String, Section> each) {
    entries(key).forEach((name, entry) -> each.accept(name, of(entry.value(), faults)));
  }

  /** Adds a fault at a key, or at this section when the key is absent. */
  public void fault(String key, String problem) {
    Node at = node(key);
    if (at != null) {
      faults.add(at.mark(), at.path(), problem);
    } else {
      faults.add(mark, path.isEmpty() ? key : path + "." + key, problem);
    }
  }

  /** Adds a fault about this section as a whole. */
  public void fault(String problem) {
    faults.add(mark, path, problem);
  }

  /** Adds {@code value (expected ...)} at a key that is there. */
  public void unexpected(String key, String expected) {
    Node at = node(key);
    if (at != null) {
      faults.unexpected(at, expected);
    }
  }

  /** Adds a problem that may or may not repeat the part of the value that it is about. */
  public void problem(String key, String problem) {
    Node at = node(key);
    if (at != null) {
      boolean whole = problem.indexOf("(expected") < 0;
      fault(key, whole ? at.shown() + " (" + problem + ")" : problem);
    }
  }

  /** The value of a key as somebody reads it. */
  public <T> T value(String key, T absent, Function<String, @Nullable T> parse, String expected) {
    Node at = node(key);
    T parsed = at == null ? null : scalar(at, parse, expected, faults);
    return parsed == null ? absent : parsed;
  }

  /** The value of a scalar, or null, with a fault, if it cannot be read. */
  public static <T> @Nullable T scalar(
      Node at, Function<String, @Nullable T> parse, String expected, Faults faults) {
    if (!(at instanceof Node.Scalar scalar) || faults.has(at)) {
      return null;
    }
    T parsed = parse.apply(scalar.value());
    if (parsed == null) {
      faults.unexpected(at, expected);
    }
    return parsed;
  }

  /** Items of a list as somebody reads them; those with a fault are left out. */
  public <T> List<T> values(String key, Function<String, @Nullable T> parse, String expected) {
    List<T> values = new ArrayList<>();
    for (Node item : list(key)) {
      T value = scalar(item, parse, expected, faults);
      if (value != null) {
        values.add(value);
      }
    }
    return List.copyOf(values);
  }

  public String text(String key, String absent) {
    return value(key, absent, text -> text, "text");
  }

  public @Nullable String textOrNull(String key) {
    return node(key) == null ? null : text(key, FAULTY);
  }

  public List<String> texts(String key) {
    return values(key, text -> text, "text");
  }

  public boolean flag(String key, boolean absent) {
    return value(
        key,
        absent,
        text -> text.equals("true") ? Boolean.TRUE : text.equals("false") ? Boolean.FALSE : null,
        "true or false");
  }

  /** A whole number; its range is the schema's business, but for numbers that do not fit. */
  public int whole(String key, int absent) {
    return value(key, absent, Section::parseInt, "a whole number");
  }

  public static @Nullable Integer parseInt(String text) {
    try {
      return Integer.valueOf(text);
    } catch (NumberFormatException other) {
      return null;
    }
  }

  public double number(String key, double absent) {
    return value(key, absent, Section::parseDouble, "a number");
  }

  private static @Nullable Double parseDouble(String text) {
    try {
      return new BigDecimal(text).doubleValue();
    } catch (NumberFormatException other) {
      return null;
    }
  }

  /** A share, {@code 70%} or {@code 0.7}, as 0 to 1. */
  public double share(String key, double absent) {
    return value(key, absent, Section::parseShare, "a share from 0% to 100%");
  }

  private static @Nullable Double parseShare(String text) {
    boolean percent = text.endsWith("%");
    Double number = parseDouble(percent ? text.substring(0, text.length() - 1) : text);
    double share = number == null ? -1 : percent ? number / 100 : number;
    return share < 0 || share > 1 ? null : share;
  }

  /** A span of time above zero. */
  public Duration duration(String key, String absent) {
    Duration byDefault = Durations.parse(absent);
    return value(
        key,
        byDefault == null ? Duration.ZERO : byDefault,
        text -> {
          Duration span = Durations.parse(text);
          boolean fits = span != null && !span.isZero() && span.compareTo(LONGEST) <= 0;
          return fits ? span : null;
        },
        "a duration above zero such as 800ms, 10s or 5min");
  }

  public @Nullable Duration durationOrNull(String key) {
    return node(key) == null ? null : duration(key, "1s");
  }

  /** A count of bytes, at least 1. */
  public long size(String key, String absent, long most) {
    return value(
        key,
        Sizes.parse(absent),
        text -> {
          long bytes = Sizes.parse(text);
          return bytes < 1 || bytes > most ? null : bytes;
        },
        "a size from 1B to " + Sizes.format(most) + " such as 16KiB");
  }

  public Rate rate(String key, String absent) {
    Rate byDefault = Rate.parse(absent);
    return value(
        key, byDefault == null ? new Rate(1, Duration.ofSeconds(1)) : byDefault, Rate::parse, RATE);
  }

  public @Nullable Money money(String key) {
    return this.<@Nullable Money>value(key, null, Money::parse, "an amount such as 50000 PLN");
  }

  public HostPort hostPort(String key, String absent) {
    HostPort byDefault = HostPort.parse(absent);
    return value(
        key,
        byDefault == null ? new HostPort("localhost", 0) : byDefault,
        HostPort::parse,
        "host:port such as 0.0.0.0:8080 or [::1]:9090");
  }

  public List<Cidr> cidrs(String key) {
    return values(key, Cidr::parse, "an address block such as 10.0.0.0/8 or 2001:db8::/32");
  }

  /** One of the words of an enum, written small with hyphens. */
  public <E extends Enum<E>> E word(String key, E absent, Class<E> type) {
    return value(key, absent, text -> wordOf(text, type), "another word");
  }

  public static <E extends Enum<E>> @Nullable E wordOf(String text, Class<E> type) {
    for (E value : type.getEnumConstants()) {
      if (value.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(text)) {
        return value;
      }
    }
    return null;
  }

  /** A file or directory, relative to the file that names it. */
  public @Nullable Path file(String key) {
    Node at = node(key);
    return at == null
        ? null
        : scalar(
            at,
            text -> {
              try {
                return at.mark().source().directory().resolve(text).normalize();
              } catch (InvalidPathException other) {
                return null;
              }
            },
            "a path",
            faults);
  }

  /** A file that the schema makes sure of. */
  public Path fileOr(String key, Supplier<Path> absent) {
    Path file = file(key);
    return file == null ? absent.get() : file;
  }

  /** A secret; it may only come from outside the file. */
  public @Nullable Secret secret(String key, int least) {
    Node at = node(key);
    if (!(at instanceof Node.Scalar scalar) || faults.has(at)) {
      return null;
    }
    if (!scalar.isResolved()) {
      fault(key, "*** (expected ${env:NAME} or ${file:PATH})");
      return null;
    }
    if (scalar.value().getBytes(java.nio.charset.StandardCharsets.UTF_8).length < least) {
      fault(key, "a secret that is too short (expected at least " + least + " bytes)");
    }
    return new Secret(scalar.value());
  }

  public Secret secretOr(String key, int least) {
    Secret secret = secret(key, least);
    return secret == null ? new Secret(FAULTY) : secret;
  }
}
