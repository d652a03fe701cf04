package app.avalo.gateway.config.yaml;

import java.nio.file.Path;

/**
 * Where YAML came from.
 *
 * @param name shown in faults
 * @param directory relative paths in the file start here
 */
public record Source(String name, Path directory) {}
