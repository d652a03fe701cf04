package app.avalo.gateway.config.load;

import app.avalo.gateway.config.yaml.Source;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to load.
 *
 * @param source named in faults
 * @param file on disk, or null when the bytes came from memory
 * @param bytes as read
 */
record Input(Source source, @Nullable Path file, byte[] bytes) {}
