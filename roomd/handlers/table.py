"""The table of routes: every address but those of WebSockets and files."""

from roomd.handlers import (
    accounts,
    catalogue,
    charts,
    collab,
    dashboard_page,
    favourites,
    installable,
    library_pages,
    misc,
    moderation,
    musicroom,
    own_account,
    own_pages,
    pages,
    personal,
    playing,
    playlist_files,
    playlists,
    recommendations,
    rooms,
    sound,
    stream,
    sync,
    syncplay,
    uploads,
)

#: Patterns, and who answers: JSON.
API_ROUTES = (
    *accounts.ROUTES,
    *catalogue.ROUTES,
    *charts.ROUTES,
    *collab.ROUTES,
    *favourites.ROUTES,
    *misc.ROUTES,
    *moderation.ROUTES,
    *musicroom.ROUTES,
    *own_account.ROUTES,
    *personal.ROUTES,
    *playing.ROUTES,
    *playlist_files.ROUTES,
    *playlists.ROUTES,
    *recommendations.ROUTES,
    *rooms.ROUTES,
    *sound.ROUTES,
    *stream.ROUTES,
    *sync.ROUTES,
    *syncplay.ROUTES,
    *uploads.ROUTES,
)

#: The same of pages, which are made with templates.
PAGE_ROUTES = (
    *pages.ROUTES,
    *installable.ROUTES,
    *dashboard_page.ROUTES,
    *library_pages.ROUTES,
    *own_pages.ROUTES,
)
