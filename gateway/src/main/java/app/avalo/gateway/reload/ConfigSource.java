package app.avalo.gateway.reload;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import java.nio.file.Path;

/** Where the routing YAML comes from. Loading blocks, so it happens on worker threads. */
public interface ConfigSource {
  Loaded load();

  /** A file, or all YAML files of a directory. */
  static ConfigSource of(Path path) {
    return () -> ConfigLoader.load(path);
  }
}
