package app.avalo.gateway.filter.budget.lease;

import java.util.List;

/**
 * What a replica says of one budget and period: sums since the period began, so that a statement
 * that is lost, repeated or late does no harm.
 *
 * @param where the budget and period
 * @param sequence grows with every statement of a replica; older ones are ignored
 * @param keep micro-units leased that it goes on holding, spent ones included
 * @param want micro-units it would like to hold; of what is scarce it gets its part
 * @param need micro-units below which the largest request lately cannot be paid
 * @param least micro-units below which no further request can be paid
 * @param used micro-units spent, and held for requests
 * @param spent micro-units settled
 * @param due keys of what operators are to be told, as far as this replica sees and was not told to
 * @param told keys of what it told, and operators have, since it said so last
 * @param known whether the store had told what it knows of the period, or an earlier process spent
 * @param services that can be charged
 * @param byService micro-units settled, in the order of {@code services}
 */
public record Statement(
    Where where,
    long sequence,
    long keep,
    long want,
    long need,
    long least,
    long used,
    long spent,
    List<String> due,
    List<String> told,
    boolean known,
    List<String> services,
    long[] byService) {

  /**
   * A budget's period.
   *
   * @param budget name
   * @param term key of the period
   * @param amount micro-units by configuration
   * @param endMillis end of the period
   * @param silenceMillis after which what a replica has leased counts as spent
   */
  public record Where(String budget, String term, long amount, long endMillis, long silenceMillis) {
    /** Another period of the same budget. */
    public Where of(String otherTerm, long otherEndMillis) {
      return new Where(budget, otherTerm, amount, otherEndMillis, silenceMillis);
    }
  }
}
