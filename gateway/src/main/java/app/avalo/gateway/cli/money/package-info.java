/**
 * Commands about money: costs that are imported, reports that are printed. They talk to the admin
 * port of a running gateway; nothing here runs in one.
 */
@NullMarked
package app.avalo.gateway.cli.money;

import org.jspecify.annotations.NullMarked;
