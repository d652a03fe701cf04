package app.avalo.gateway.filter.limit.bucket;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Grain;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which bucket a request draws from. A filter fills one instance again and again to look buckets
 * up, so a decision allocates no key; whatever is kept holds a {@link #copy}.
 *
 * <p>What a client may choose freely cannot make keys without bound or with a forged meaning:
 * methods outside the known ones count as one, and a user whose name is long or has unusual
 * characters is known by its digest.
 */
public final class BucketKey {
  private static final int PLAIN_LENGTH = 64;
  private static final int DIGEST_BYTES = 16;

  private static final List<KeyPart> ADDRESS = List.of(KeyPart.ADDRESS);

  private long addressHigh;
  private long addressLow; // both 0 without an address
  private long hash;
  private long v4Mask;
  private boolean alone; // the address is all of the key
  private @Nullable LimitConfig filled; // for whose parts nothing else has to be cleared
  private String policy = "";
  private String tier = ""; // only of a tier with a bandwidth of its own
  private @Nullable KeyHash hashing; // none in a copy
  private @Nullable String user;
  private @Nullable String apiKey;
  private @Nullable String group; // the tier as a part of the key
  private @Nullable String header;
  private @Nullable String claim;
  private @Nullable String route;
  private Grain grain = Grain.DEFAULT;
  private @Nullable String service;
  private @Nullable String method;
  private @Nullable String country;

  /** Becomes the key of a request; false when the policy has no bucket for it. */
  public boolean fill(LimitConfig limit, Exchange exchange) {
    String own = exchange.caller().tier();
    return fill(limit, limit.tiers().containsKey(own) ? own : "", exchange);
  }

  /**
   * Likewise of a request whose tier is known.
   *
   * @param own its name, if it has a bandwidth of its own, or empty
   */
  @SuppressWarnings("ReferenceEquality") // another text that is the same only costs time
  public boolean fill(LimitConfig limit, String own, Exchange exchange) {
    if (limit != filled || own != tier) {
      clear(limit, own);
    }
    if (alone && hashing != null) { // the most usual key, looked up in few steps
      address(exchange.client());
      hash = hashing.again().add('a', addressHigh, addressLow).end();
      return true;
    }
    List<KeyPart> parts = limit.key();
    for (int i = 0; i < parts.size(); i++) {
      if (!add(parts.get(i), exchange)) {
        return false;
      }
    }
    rehash();
    return true;
  }

  private void clear(LimitConfig limit, String own) {
    // Of a caller it may be one part or another.
    filled = limit.key().contains(KeyPart.CALLER) ? null : limit;
    policy = limit.name();
    grain = limit.grain();
    v4Mask = -1L << 32 - grain.v4Bits();
    alone = limit.key().equals(ADDRESS);
    group = null;
    header = null;
    claim = null;
    tier = own;
    addressHigh = 0;
    addressLow = 0;
    user = null;
    apiKey = null;
    route = null;
    service = null;
    method = null;
    country = null;
    hashing = hashing == null ? new KeyHash() : hashing;
    hashing.start(policy, own);
  }

  private boolean add(KeyPart part, Exchange exchange) {
    Caller caller = exchange.caller();
    switch (part) {
      case ADDRESS -> address(exchange.client());
      case USER -> {
        return user(caller.user());
      }
      case API_KEY -> {
        apiKey = caller.apiKey();
        return apiKey != null;
      }
      case CALLER -> {
        if (!user(caller.user())) {
          apiKey = caller.apiKey();
          if (apiKey == null) {
            address(exchange.client());
          }
        }
      }
      case TIER -> group = caller.tier();
      case HEADER -> {
        String sent = grain.header() == null ? null : exchange.header(grain.header());
        header = sent == null || sent.isEmpty() ? "-" : isPlain(sent) ? sent : digest(sent);
      }
      case CLAIM -> {
        String said = grain.claim() == null ? null : caller.claims().get(grain.claim());
        claim = said == null || isPlain(said) ? said : digest(said);
        return claim != null;
      }
      case ROUTE -> route = exchange.route().name();
      case SERVICE -> {
        var target = exchange.target();
        service = target == null ? "-" : target.service().name();
      }
      case METHOD -> method = known(exchange.method());
      case COUNTRY -> {
        String found = exchange.place().country();
        country = found == null ? "-" : found;
      }
    }
    return true;
  }

  private void address(IpAddress address) {
    if (address.isV4()) {
      addressHigh = 0;
      addressLow = address.low() & v4Mask;
    } else {
      addressHigh = address.high() & (grain.v6Bits() >= 64 ? -1L : -1L << 64 - grain.v6Bits());
      addressLow = grain.v6Bits() <= 64 ? 0 : address.low() & -1L << 128 - grain.v6Bits();
    }
  }

  private boolean user(@Nullable String name) {
    user = name == null ? null : isPlain(name) ? name : digest(name);
    return user != null;
  }

  private static String known(String method) {
    return switch (method) {
      case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" -> method;
      default -> "other";
    };
  }

  private static boolean isPlain(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (!letter && c != '-' && c != '_' && c != '.' && c != '@' && c != '+') {
        return false;
      }
    }
    return !name.isEmpty() && name.length() <= PLAIN_LENGTH;
  }

  /** Starts with a character that no plain name has, so the two cannot meet. */
  private static String digest(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return "#" + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /**
   * The key that an operator writes, in the form of {@link #toString} without its tier.
   *
   * @return null when the text is not a key
   */
  public static @Nullable BucketKey parse(LimitConfig limit, String tier, String text) {
    BucketKey key = new BucketKey();
    key.clear(limit, tier);
    for (String part : text.split("\\|", -1)) {
      if (part.length() < 3
          || part.charAt(1) != '='
          || !key.set(part.charAt(0), part.substring(2))) {
        return null;
      }
    }
    key.rehash();
    return key;
  }

  private boolean set(char letter, String value) {
    switch (letter) {
      case 'a' -> {
        int slash = value.indexOf('/');
        IpAddress address = IpAddress.parse(slash < 0 ? value : value.substring(0, slash));
        if (address == null) {
          return false;
        }
        address(address);
      }
      case 'u' -> user = value.startsWith("#") || isPlain(value) ? value : digest(value);
      case 'k' -> apiKey = value;
      case 'g' -> group = value;
      case 'h' -> header = value.startsWith("#") || isPlain(value) ? value : digest(value);
      case 'j' -> claim = value.startsWith("#") || isPlain(value) ? value : digest(value);
      case 'r' -> route = value;
      case 's' -> service = value;
      case 'm' -> method = value;
      case 'c' -> country = value;
      default -> {
        return false;
      }
    }
    return true;
  }

  private void rehash() {
    hash =
        Objects.requireNonNull(hashing)
            .start(policy, tier)
            .add('a', addressHigh, addressLow)
            .add('u', user)
            .add('k', apiKey)
            .add('g', group)
            .add('h', header)
            .add('j', claim)
            .add('r', route)
            .add('s', service)
            .add('m', method)
            .add('c', country)
            .end();
  }

  /** 64 bits under a secret of this process: nobody can choose keys that meet. */
  public long hash() {
    return hash;
  }

  /** The same key, for keeping. */
  public BucketKey copy() {
    BucketKey copy = new BucketKey();
    copy.policy = policy;
    copy.tier = tier;
    copy.addressHigh = addressHigh;
    copy.addressLow = addressLow;
    copy.user = user;
    copy.apiKey = apiKey;
    copy.group = group;
    copy.header = header;
    copy.claim = claim;
    copy.grain = grain;
    copy.route = route;
    copy.service = service;
    copy.method = method;
    copy.country = country;
    copy.hash = hash;
    return copy;
  }

  /** Name in Redis; the braces keep all that belongs to one bucket on one cluster node. */
  public String inRedis(String prefix) {
    StringBuilder name = new StringBuilder(96).append(prefix).append('{').append(policy);
    return appendTo(name.append(':')).append('}').toString();
  }

  /** The parts in a fixed order, as in {@code t=vip|u=alice|r=chat}. */
  @Override
  public String toString() {
    return appendTo(new StringBuilder(64)).toString();
  }

  private StringBuilder appendTo(StringBuilder text) {
    int begin = text.length();
    append(text, begin, 't', tier.isEmpty() ? null : tier);
    if (addressHigh != 0 || addressLow != 0) {
      IpAddress address = new IpAddress(addressHigh, addressLow);
      int bits = address.isV4() ? grain.v4Bits() : grain.v6Bits();
      append(
          text,
          begin,
          'a',
          address.isV4() && bits == 32 ? address.toString() : address + "/" + bits);
    }
    append(text, begin, 'u', user);
    append(text, begin, 'k', apiKey);
    append(text, begin, 'g', group);
    append(text, begin, 'h', header);
    append(text, begin, 'j', claim);
    append(text, begin, 'r', route);
    append(text, begin, 's', service);
    append(text, begin, 'm', method);
    append(text, begin, 'c', country);
    return text;
  }

  private static void append(StringBuilder text, int begin, char letter, @Nullable String value) {
    if (value != null) {
      text.append(text.length() == begin ? "" : "|").append(letter).append('=').append(value);
    }
  }

  @Override
  public int hashCode() {
    return (int) hash;
  }

  /**
   * By the hash alone, as in the tables of buckets: of 50,000 keys two meet once in 10^10 times.
   */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof BucketKey key && hash == key.hash;
  }
}
