package app.avalo.gateway.edge.tls;

import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.vertx.core.Vertx;
import io.vertx.core.net.KeyCertOptions;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keys that BoringSSL keeps in its own form. Otherwise each handshake would write key and chain as
 * text and have them read again.
 *
 * @param keys as they were read
 */
record KeptKeys(KeyCertOptions keys) implements KeyCertOptions {
  @Override
  public KeyCertOptions copy() {
    return new KeptKeys(keys.copy());
  }

  @Override
  public KeyManagerFactory getKeyManagerFactory(Vertx vertx) throws Exception {
    return new OpenSslCachingX509KeyManagerFactory(keys.getKeyManagerFactory(vertx));
  }

  @Override
  public Function<String, @Nullable KeyManagerFactory> keyManagerFactoryMapper(Vertx vertx)
      throws Exception {
    Function<String, @Nullable KeyManagerFactory> byName = keys.keyManagerFactoryMapper(vertx);
    return name -> {
      KeyManagerFactory found = byName.apply(name);
      return found == null ? null : new OpenSslCachingX509KeyManagerFactory(found);
    };
  }
}
