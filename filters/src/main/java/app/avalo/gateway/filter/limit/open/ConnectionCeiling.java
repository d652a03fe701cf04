package app.avalo.gateway.filter.limit.open;

import app.avalo.gateway.config.ServiceConfig.Streams;
import app.avalo.gateway.config.ServiceConfig.WebSocket;
import app.avalo.gateway.config.unit.Rate;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts what is open, WebSockets or streams, per service and per caller of a service in this
 * process: a user, else an API key. Bounds come with each call, so a reload holds at once, for a
 * user's messages from the next connection of that user; it never closes what is open. Safe from
 * every thread.
 */
public final class ConnectionCeiling {
  private final ConcurrentHashMap<String, AtomicInteger> open = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<UserOf, Share> shares = new ConcurrentHashMap<>();

  private record UserOf(String service, String user) {}

  /** Whether one more may be opened. */
  public sealed interface Verdict permits Place, Full {}

  /** None more may be opened. */
  public enum Full implements Verdict {
    /** As many as may be are open to the service. */
    OF_SERVICE,
    /** As many as may be are open to the service for the user. */
    OF_USER
  }

  /**
   * Counts one more WebSocket, unless as many as may be are open.
   *
   * @param user who opens it, by a name that tells users from API keys; one who is not known shares
   *     bounds with nobody
   */
  public Verdict tryAcquire(
      String service, @Nullable String user, WebSocket bounds, long nowNanos) {
    if (!tryCount(service, bounds.connections())) {
      return Full.OF_SERVICE;
    }
    return ofUser(service, user, bounds.connectionsPerUser(), bounds.messagesPerUser(), nowNanos);
  }

  /** Likewise one more stream. */
  public Verdict tryAcquire(String service, @Nullable String user, Streams bounds) {
    return tryCount(service, bounds.open())
        ? ofUser(service, user, bounds.openPerUser(), null, 0)
        : Full.OF_SERVICE;
  }

  private Verdict ofUser(
      String service, @Nullable String user, int most, @Nullable Rate messages, long nowNanos) {
    if (user == null) {
      return new Place(service, null);
    }
    Place[] place = new Place[1];
    shares.compute(
        new UserOf(service, user),
        (key, known) -> {
          Share share = known == null ? new Share(key) : known;
          share.follow(messages, nowNanos);
          if (share.open < most) {
            share.open++;
            place[0] = new Place(service, share);
          }
          return share;
        });
    if (place[0] == null) {
      release(service);
      return Full.OF_USER;
    }
    return place[0];
  }

  private boolean tryCount(String service, int ceiling) {
    AtomicInteger count = open.computeIfAbsent(service, name -> new AtomicInteger());
    int now = count.get();
    while (now < ceiling) {
      if (count.compareAndSet(now, now + 1)) {
        return true;
      }
      now = count.get();
    }
    return false;
  }

  private void release(String service) {
    open.get(service).decrementAndGet();
  }

  /** Open now, by service. */
  public Map<String, Integer> open() {
    Map<String, Integer> counts = new TreeMap<>();
    open.forEach((service, count) -> counts.put(service, count.get()));
    return counts;
  }

  /** Users of services with something open. */
  public int users() {
    return shares.size();
  }

  /** What those of one user to one service share. */
  private static final class Share {
    private final UserOf key;
    private @Nullable MessageMeter meter; // guarded by this
    private @Nullable Rate rate; // of the meter, likewise
    private int open; // guarded by the map

    Share(UserOf key) {
      this.key = key;
    }

    /** Another rate than before goes on as full. */
    synchronized void follow(@Nullable Rate messages, long nowNanos) {
      if (!Objects.equals(rate, messages)) {
        MessageMeter made = messages == null ? null : MessageMeter.of(messages, nowNanos);
        if (made != null && meter != null) {
          made.asFull(meter, nowNanos);
        }
        rate = messages;
        meter = made;
      }
    }

    synchronized long take(int messages, long nowNanos) {
      return meter == null ? 0 : meter.take(messages, nowNanos);
    }
  }

  /** The place of one of them, until it is released. */
  public final class Place implements Verdict {
    private final String service;
    private final @Nullable Share share;
    private boolean released;

    private Place(String service, @Nullable Share share) {
      this.service = service;
      this.share = share;
    }

    /**
     * Charges the user for messages that have been passed on already.
     *
     * @return as {@link MessageMeter#take}
     */
    public long take(int messages, long nowNanos) {
      return share == null ? 0 : share.take(messages, nowNanos);
    }

    /** It is closed; call exactly once. */
    public void release() {
      if (released) {
        throw new IllegalStateException(service + ": released more often than acquired");
      }
      released = true;
      ConnectionCeiling.this.release(service);
      if (share != null) {
        shares.computeIfPresent(share.key, (key, known) -> --known.open == 0 ? null : known);
      }
    }
  }
}
