/**
 * The monthly report: what services cost, whom and what for, as JSON, CSV and a page. Pure writing
 * of values that the ledger gave; only {@link app.avalo.gateway.report.Reports} asks it.
 */
@NullMarked
package app.avalo.gateway.report;

import org.jspecify.annotations.NullMarked;
