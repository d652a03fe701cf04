package app.avalo.gateway.config.yaml;

/**
 * A position in a source.
 *
 * @param source the file
 * @param line from 1
 * @param column from 1
 */
public record Mark(Source source, int line, int column) {}
