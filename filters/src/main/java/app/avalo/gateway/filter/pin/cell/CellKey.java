package app.avalo.gateway.filter.pin.cell;

import java.util.HexFormat;

/**
 * Names a cell, or one user who was set apart from its cell.
 *
 * @param home region index
 * @param cell 0 to 511
 * @param user 32 hexadecimal digits, or empty for the cell
 */
public record CellKey(int home, int cell, String user) {
  /** Cells of one home region. */
  public static final int CELLS = 512;

  /** A whole cell. */
  public static CellKey cell(int home, int cell) {
    return new CellKey(home, cell, "");
  }

  /** A user by the hash of its name. */
  public static CellKey user(int home, long high, long low) {
    HexFormat hex = HexFormat.of();
    return new CellKey(home, cellOf(low), hex.toHexDigits(high) + hex.toHexDigits(low));
  }

  /** The cell of a user within its home region. */
  public static int cellOf(long low) {
    return (int) low & CELLS - 1;
  }

  public boolean apart() {
    return !user.isEmpty();
  }

  String text() {
    return apart() ? home + ":" + cell + ":" + user : home + ":" + cell;
  }

  static CellKey parse(String text) {
    String[] parts = text.split(":", 3);
    return new CellKey(
        Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), parts.length == 3 ? parts[2] : "");
  }

  @Override
  public String toString() {
    return text();
  }
}
