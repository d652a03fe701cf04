package app.avalo.gateway.filter.budget.pace;

/**
 * What a period will come to if nobody is slowed from now on; amounts in micro-units. Where
 * somebody is, less is spent and the money lasts longer.
 *
 * @param spent at its end, as likely more as less
 * @param low less than that in one of ten
 * @param high more than that in one of ten
 * @param exhaustedMillis when the amount would be spent, in milliseconds since 1970; 0 when it
 *     lasts
 * @param perHour the cost of an average hour
 * @param course share of the amount that the usual course of the period spends until now
 */
public record Forecast(
    long spent, long low, long high, long exhaustedMillis, long perHour, double course) {}
