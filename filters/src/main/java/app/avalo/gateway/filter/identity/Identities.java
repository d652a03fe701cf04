package app.avalo.gateway.filter.identity;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.IdentityConfig.Issuer;
import app.avalo.gateway.config.IdentityConfig.Jwks;
import app.avalo.gateway.config.IdentityConfig.KeyFile;
import app.avalo.gateway.config.IdentityConfig.Keys;
import app.avalo.gateway.config.IdentityConfig.SharedSecret;
import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys and verified tokens of this process, shared by the identity filters of all event loops.
 * Safe from every thread.
 *
 * <p>A reload keeps what did not change: key sets by their source, cached tokens by their issuer.
 * The tables of the newest two configurations are kept, for exchanges that began on the older one.
 */
public final class Identities implements AutoCloseable {
  /** Verifications that may wait for a thread: about half a second of one thread's work. */
  static final int MAX_DEFERRED = 256;

  private static final Logger LOG = LoggerFactory.getLogger(Identities.class);

  private final Ticker ticker;
  private final Timers timers;
  private final Function<Keys, KeySource.Loader> loaders;
  private final Lane lane;
  private final AtomicInteger deferred = new AtomicInteger();
  private final byte[] salt = new byte[32];
  private final TokenCache cache;

  private volatile List<CredentialTable> tables = List.of(); // compile(), newest first

  /** Threads beside the event loops. */
  interface Lane {
    void run(Runnable task);

    default void close() {}
  }

  public Identities(Vertx vertx, Ticker ticker, Timers timers) {
    this(ticker, timers, keys -> loader(vertx, timers, keys), lane(vertx));
  }

  Identities(Ticker ticker, Timers timers, Function<Keys, KeySource.Loader> loaders, Lane lane) {
    this.ticker = ticker;
    this.timers = timers;
    this.loaders = loaders;
    this.lane = lane;
    this.cache = new TokenCache(ticker);
    new SecureRandom().nextBytes(salt);
  }

  /** Half the processors at most: a flood of forged tokens leaves the rest to the event loops. */
  private static Lane lane(Vertx vertx) {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    WorkerExecutor workers = vertx.createSharedWorkerExecutor("identity", threads);
    return new Lane() {
      @Override
      public void run(Runnable task) {
        workers.executeBlocking(
            () -> {
              task.run();
              return true;
            },
            false);
      }

      @Override
      public void close() {
        workers.close();
      }
    };
  }

  private static KeySource.Loader loader(Vertx vertx, Timers timers, Keys keys) {
    if (keys instanceof Jwks jwks) {
      return new JwksLoader(vertx, jwks.url(), timers);
    }
    return new KeyFileLoader(vertx, ((KeyFile) keys).file());
  }

  /** Starts to load the keys of a configuration, so that its first request need not wait. */
  public void prepare(IdentityConfig config) {
    table(config).verifiers().forEach(verifier -> verifier.keys().begin());
  }

  CredentialTable table(IdentityConfig config) {
    CredentialTable known = find(config);
    return known != null ? known : compile(config);
  }

  private @Nullable CredentialTable find(IdentityConfig config) {
    List<CredentialTable> all = tables;
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).config() == config) {
        return all.get(i);
      }
    }
    return null;
  }

  TokenCache cache() {
    return cache;
  }

  /**
   * Finds a verdict off the event loop.
   *
   * @param done runs on any thread
   * @return false, and nothing will run, when too many wait already
   */
  boolean defer(Supplier<Verdict> work, Consumer<Verdict> done) {
    if (deferred.incrementAndGet() > MAX_DEFERRED) {
      deferred.decrementAndGet();
      return false;
    }
    lane.run(
        () -> {
          Verdict verdict;
          try {
            verdict = work.get();
          } catch (RuntimeException defect) {
            // Whatever it is, the exchange must be answered, and not let pass.
            LOG.atError().addKeyValue("reason", defect.toString()).log("verification failed");
            verdict = new Verdict.Unavailable();
          } finally {
            deferred.decrementAndGet();
          }
          done.accept(verdict);
        });
    return true;
  }

  Ticker ticker() {
    return ticker;
  }

  Fingerprint.Maker fingerprints() {
    return new Fingerprint.Maker(salt);
  }

  private synchronized CredentialTable compile(IdentityConfig config) {
    CredentialTable raced = find(config);
    if (raced != null) {
      return raced;
    }
    Map<Keys, KeySource> sources = new LinkedHashMap<>();
    Map<Issuer, TokenVerifier> verifiers = new LinkedHashMap<>();
    for (CredentialTable table : tables) {
      for (TokenVerifier verifier : table.verifiers()) {
        sources.putIfAbsent(verifier.issuer().keys(), verifier.keys());
        verifiers.putIfAbsent(verifier.issuer(), verifier);
      }
    }
    Map<String, TokenVerifier> issuers = new LinkedHashMap<>();
    for (Issuer issuer : config.issuers()) {
      issuers.putIfAbsent(
          issuer.issuer(),
          verifiers.computeIfAbsent(
              issuer,
              made -> new TokenVerifier(made, sources.computeIfAbsent(made.keys(), this::source))));
    }
    CredentialTable table = new CredentialTable(config, issuers, fingerprints());
    tables = tables.isEmpty() ? List.of(table) : List.of(table, tables.get(0));
    closeAllBut(tables, sources);
    return table;
  }

  private KeySource source(Keys keys) {
    if (keys instanceof SharedSecret shared) {
      return KeySource.fixed(KeySet.ofSecret(shared.secret().reveal()), ticker, timers);
    }
    if (keys instanceof Jwks jwks) {
      return KeySource.loaded(
          jwks.url().toString(), loaders.apply(keys), jwks.refresh(), ticker, timers);
    }
    return KeySource.loaded(
        ((KeyFile) keys).file().toString(),
        loaders.apply(keys),
        KeyFileLoader.EVERY,
        ticker,
        timers);
  }

  private static void closeAllBut(List<CredentialTable> kept, Map<Keys, KeySource> sources) {
    Set<KeySource> used = new HashSet<>();
    kept.forEach(table -> table.verifiers().forEach(verifier -> used.add(verifier.keys())));
    for (KeySource source : sources.values()) {
      if (!used.contains(source)) {
        source.close();
      }
    }
  }

  /** Stops all loads. */
  @Override
  public synchronized void close() {
    for (CredentialTable table : tables) {
      table.verifiers().forEach(verifier -> verifier.keys().close());
    }
    lane.close();
  }
}
