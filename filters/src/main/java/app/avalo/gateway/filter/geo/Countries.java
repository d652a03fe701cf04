package app.avalo.gateway.filter.geo;

import app.avalo.gateway.filter.Place;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One point per country, for callers of whom only the country is known. The table is part of the
 * jar; a country that is not in it is no country.
 */
final class Countries {
  /** Two letters, each of 26. */
  static final int CODES = 26 * 26;

  private static final Countries TABLE = load();

  private final @Nullable String[] codes = new @Nullable String[CODES];
  private final double[] latitudes = new double[CODES];
  private final double[] longitudes = new double[CODES];

  private Countries() {
    Arrays.fill(latitudes, Double.NaN);
    Arrays.fill(longitudes, Double.NaN);
  }

  private static Countries load() {
    Countries table = new Countries();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Countries.class.getResourceAsStream("countries.tsv"), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          table.put(line.split("\t"));
        }
      }
    } catch (IOException unreadableJar) {
      throw new UncheckedIOException(unreadableJar);
    }
    return table;
  }

  private void put(String[] fields) {
    int at = number(fields[0]);
    codes[at] = fields[0];
    latitudes[at] = Double.parseDouble(fields[1]);
    longitudes[at] = Double.parseDouble(fields[2]);
  }

  private static int number(String text) {
    if (text.length() != 2) {
      return -1;
    }
    int first = letter(text.charAt(0));
    int second = letter(text.charAt(1));
    return first < 0 || second < 0 ? -1 : first * 26 + second;
  }

  private static int letter(char c) {
    char upper = c >= 'a' && c <= 'z' ? (char) (c - 32) : c;
    return upper >= 'A' && upper <= 'Z' ? upper - 'A' : -1;
  }

  /** The number of a country, 0 to {@link #CODES}, from its two letters in any case; else -1. */
  static int indexOf(@Nullable String text) {
    int at = text == null ? -1 : number(text);
    return at >= 0 && TABLE.codes[at] != null ? at : -1;
  }

  /** The place of somebody in this country, of whom no more is known. */
  static Place place(int index, Place.Source source) {
    return new Place(TABLE.codes[index], TABLE.latitudes[index], TABLE.longitudes[index], source);
  }

  /**
   * The place these facts give: a position that is missing or not on Earth is replaced by the
   * country's.
   *
   * @param country any text, or null
   */
  static Place place(
      @Nullable String country, double latitude, double longitude, Place.Source source) {
    int index = indexOf(country);
    if (latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) {
      return new Place(index < 0 ? null : TABLE.codes[index], latitude, longitude, source);
    }
    return index < 0 ? Place.UNKNOWN : place(index, source);
  }
}
