/**
 * Header edits that the configuration asks for, both ways.
 *
 * <p>Runs on the exchange's event loop, imports the filter contract and configuration only. Must
 * stand below every filter that reads request headers, so that an edit decides nothing but what the
 * upstream sees. Start at {@link app.avalo.gateway.filter.header.HeaderFilter}.
 */
@NullMarked
package app.avalo.gateway.filter.header;

import org.jspecify.annotations.NullMarked;
