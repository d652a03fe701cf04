package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client address to place and network by the databases in use. One per process; read by every loop.
 * Never throws: without a database, and for a corrupt record, the answer is unknown.
 */
public final class GeoLocator {
  private static final Logger LOG = LoggerFactory.getLogger(GeoLocator.class);

  private volatile @Nullable GeoDatabase database; // the watch
  private volatile @Nullable NetworkDatabase networks; // the watch
  private volatile @Nullable Object complainedOf; // whoever meets a corrupt record first
  private final LongAdder lookups = new LongAdder();
  private final LongAdder failedLookups = new LongAdder();

  /** The place of an address by the database alone; about 1.5 µs, so callers cache it. */
  public Place locate(IpAddress address) {
    GeoDatabase current = database;
    if (current == null) {
      return Place.UNKNOWN;
    }
    lookups.increment();
    try {
      return current.locate(address);
    } catch (IOException corrupt) {
      failedLookups.increment();
      complainOnce(current, current.file().type(), corrupt);
      return Place.UNKNOWN;
    }
  }

  /** The autonomous system of an address by the database alone, 0 when unknown. */
  public int network(IpAddress address) {
    NetworkDatabase current = networks;
    if (current == null) {
      return 0;
    }
    try {
      return current.number(address);
    } catch (IOException corrupt) {
      complainOnce(current, current.file().type(), corrupt);
      return 0;
    }
  }

  private void complainOnce(Object about, String type, IOException corrupt) {
    if (complainedOf != about) {
      complainedOf = about;
      LOG.atWarn()
          .addKeyValue("database", type)
          .addKeyValue("error", corrupt.getMessage())
          .log("geoip record corrupt, further ones are only counted");
    }
  }

  /** The database in use, compared by identity to see whether it was swapped. */
  @Nullable GeoDatabase database() {
    return database;
  }

  void use(@Nullable GeoDatabase next) {
    database = next;
  }

  /** Likewise, of networks. */
  @Nullable NetworkDatabase networks() {
    return networks;
  }

  void useNetworks(@Nullable NetworkDatabase next) {
    networks = next;
  }

  long lookups() {
    return lookups.sum();
  }

  long failedLookups() {
    return failedLookups.sum();
  }
}
